import type { DeviceInput, LabInput } from '../domain/lab-file/lab-plan.ts'
import type { TrackedSlot } from '../domain/lab-file/slots.ts'
import { writeExactly } from '../domain/whole-numbers.ts'
import type { AuditContext } from './commands.ts'
import type { Transaction } from './lab-lock.ts'

// Calls of the functions in prisma/sql/lab. Inputs are json, not jsonb, so that unknown members of the lab file keep their order.

/** Throws `slots-occupied` if the inputs would remove an occupied slot, or turn it into waste. */
export async function refuseDroppedSlots (transaction: Transaction, inputs: readonly DeviceInput[], slots: readonly TrackedSlot[]): Promise<void> {
  await transaction.$executeRaw`SELECT refuse_dropping_occupied_slots(${writeExactly(inputs)}::json, ${JSON.stringify(slots)}::json)`
}

/** Writes devices, their slots and what is set for single slots, and an event for each device and each of these slots, in this order. */
export async function writeDevices (
  transaction: Transaction, inputs: readonly DeviceInput[], at: { revision: number, ordinal: number }, audit: AuditContext, slots: readonly TrackedSlot[] = []
): Promise<void> {
  await transaction.$executeRaw`
    SELECT write_devices(${writeExactly(inputs)}::json, ${JSON.stringify(slots)}::json, ${at.revision}::bigint, ${at.ordinal}::integer, ${JSON.stringify(audit)}::jsonb)`
}

/** Adds, restores and retires the slots of devices. Call it before the transaction has the lab lock, and `writeDevices` after it with the same inputs. */
export async function writeSlotsAhead (transaction: Transaction, inputs: readonly DeviceInput[]): Promise<void> {
  await transaction.$executeRaw`SELECT write_slots_ahead(${writeExactly(inputs)}::json)`
}

/** A snapshot of what the lab file says apart from devices. Take it before the command changes anything. */
export async function labSnapshot (transaction: Transaction): Promise<string> {
  const [lab] = await transaction.$queryRaw<{ snapshot: string }[]>`SELECT lab_snapshot()::text AS snapshot`
  return lab!.snapshot
}

/** Stores what the lab file says apart from devices, and writes an event. */
export async function writeLab (
  transaction: Transaction, input: LabInput, before: string, at: { revision: number, ordinal: number }, audit: AuditContext
): Promise<void> {
  await transaction.$executeRaw`
    SELECT write_lab_file(${writeExactly(input)}::json, ${before}::jsonb, ${at.revision}::bigint, ${at.ordinal}::integer, ${JSON.stringify(audit)}::jsonb)`
}
