import type { DeviceInput, LabInput } from '../domain/lab-file/lab-plan.ts'
import type { AuditContext } from './commands.ts'
import type { Transaction } from './lab-lock.ts'

// The functions in prisma/sql/lab and prisma/sql/device. Wishes travel as json, not jsonb, so that the keys of what is not known
// here keep their order.

/** Refuses wishes that would drop a slot where something is. */
export async function refuseDroppedSlots (transaction: Transaction, inputs: readonly DeviceInput[]): Promise<void> {
  await transaction.$executeRaw`SELECT refuse_dropping_occupied_slots(${JSON.stringify(inputs)}::json)`
}

/** Makes devices and their slots as wished, and logs each. */
export async function writeDevices (transaction: Transaction, inputs: readonly DeviceInput[], revision: number, audit: AuditContext): Promise<void> {
  await transaction.$executeRaw`
    SELECT write_devices(${JSON.stringify(inputs)}::json, ${revision}::bigint, 0, ${JSON.stringify(audit)}::jsonb)`
}

/** What the lab file says beyond the settings of devices, as the log shows it; taken before a command changes anything. */
export async function labSnapshot (transaction: Transaction): Promise<string> {
  const [lab] = await transaction.$queryRaw<{ snapshot: string }[]>`SELECT lab_snapshot()::text AS snapshot`
  return lab!.snapshot
}

/** Stores what the lab file says beyond the settings of devices, and logs it. */
export async function writeLab (
  transaction: Transaction, input: LabInput, before: string, at: { revision: number, ordinal: number }, audit: AuditContext
): Promise<void> {
  await transaction.$executeRaw`
    SELECT write_lab_file(${JSON.stringify(input)}::json, ${before}::jsonb, ${at.revision}::bigint, ${at.ordinal}::integer, ${JSON.stringify(audit)}::jsonb)`
}
