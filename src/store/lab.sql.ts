import type { DeviceWish, LabWish } from '../domain/lab-diff.ts'
import type { By } from './commands.ts'
import type { Transaction } from './world.ts'

// The functions in prisma/sql/lab and prisma/sql/device. Wishes travel as json, not jsonb, so that the keys of what is not known
// here keep their order.

/** Refuses wishes that would drop a slot where something is. */
export async function refuseDroppedSlots (transaction: Transaction, wishes: readonly DeviceWish[]): Promise<void> {
  await transaction.$executeRaw`SELECT refuse_dropping_occupied_slots(${JSON.stringify(wishes)}::json)`
}

/** Makes devices and their slots as wished, and logs each. */
export async function writeDevices (transaction: Transaction, wishes: readonly DeviceWish[], revision: number, by: By): Promise<void> {
  await transaction.$executeRaw`
    SELECT write_devices(${JSON.stringify(wishes)}::json, ${revision}::bigint, 0, ${JSON.stringify(by)}::jsonb)`
}

/** What the lab file says beyond the settings of devices, as the log shows it; taken before a command changes anything. */
export async function labImage (transaction: Transaction): Promise<string> {
  const [lab] = await transaction.$queryRaw<{ image: string }[]>`SELECT lab_snapshot()::text AS image`
  return lab!.image
}

/** Stores what the lab file says beyond the settings of devices, and logs it. */
export async function writeLab (
  transaction: Transaction, wish: LabWish, before: string, at: { revision: number, ordinal: number }, by: By
): Promise<void> {
  await transaction.$executeRaw`
    SELECT write_lab_file(${JSON.stringify(wish)}::json, ${before}::jsonb, ${at.revision}::bigint, ${at.ordinal}::integer, ${JSON.stringify(by)}::jsonb)`
}
