import type { LabwareTypeSettings } from '../domain/lab-file/labware-types.ts'
import { writeExactly } from '../domain/whole-numbers.ts'
import type { AuditContext } from './commands.ts'
import type { Transaction } from './lab-lock.ts'

/** The names of all labware types of the lab. */
export async function readTypeNames (transaction: Transaction): Promise<Set<string>> {
  return new Set((await transaction.$queryRaw<{ name: string }[]>`SELECT name FROM labware_type`).map(({ name }) => name))
}

/** Writes and deletes labware types, and an event for each. Returns the number of events. */
export async function writeLabwareTypes (
  transaction: Transaction, { written, deleted }: { written: readonly LabwareTypeSettings[], deleted: readonly string[] },
  at: { revision: number, ordinal: number }, audit: AuditContext
): Promise<number> {
  if (written.length + deleted.length === 0) return 0
  const [row] = await transaction.$queryRaw<[{ events: number }]>`
    SELECT write_labware_types(${writeExactly(written)}::json, ${deleted}::text[], ${at.revision}::bigint, ${at.ordinal}::integer, ${JSON.stringify(audit)}::jsonb) AS events`
  return row.events
}
