import type { LabwareType } from '../contract/labware-types.ts'
import type { LabwareTypeSettings } from '../domain/lab-file/labware-types.ts'
import { writeExactly } from '../domain/whole-numbers.ts'
import type { AuditContext } from './commands.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'
import { type PageRow, type JsonItem, type MemberKinds, selectItemsAsJson } from './json-row.ts'
import type { Transaction } from './lab-lock.ts'
import { withinPageBytes } from './page-bytes.sql.ts'

const members: MemberKinds<LabwareType> = {
  name: 'value', description: 'value', deep_well: 'value', height_mm: 'value', wells: 'value', lid: 'value', extra: 'value', created_at: 'time', updated_at: 'time', version: 'value'
}
const keys = ['name']
const pageAsJson = selectItemsAsJson(members, 'labware_type_state', keys)

/** A labware type of a list. */
export type ListedLabwareType = JsonItem<LabwareType> & Pick<LabwareType, 'name'>

/** Up to `take` labware types with a name after this one, in the order of their names. */
export async function readLabwareTypePage (prisma: PrismaClient, after: string, take: number): Promise<PageRow<ListedLabwareType>[]> {
  return await prisma.$queryRaw<PageRow<ListedLabwareType>[]>(withinPageBytes(keys, Prisma.sql`${Prisma.raw(pageAsJson)} WHERE object.name > ${after} ORDER BY object.name LIMIT ${take}`))
}

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
