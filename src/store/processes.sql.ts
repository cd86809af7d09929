import type { ProcessQuery, ProcessSummary } from '../contract/processes.ts'
import { allOf, isSet } from './conditions.sql.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'
import { type PageRow, type JsonItem, type MemberKinds, selectItemsAsJson } from './json-row.ts'
import { readRowsById } from './list-rows.sql.ts'
import type { PageQuery } from './pages.ts'

const members: MemberKinds<ProcessSummary> = {
  id: 'value', name: 'value', source_sha256: 'value', metadata: 'value', warnings: 'value', archived_at: 'time', created_at: 'time', updated_at: 'time', version: 'value'
}
const pageAsJson = selectItemsAsJson(members, 'process', ['id'])

/** A process of a list. */
export type ListedProcess = JsonItem<ProcessSummary> & Pick<ProcessSummary, 'id'>

/** The SQL condition (on `process object`) of the filters. */
export function processCondition ({ name, source_sha256, archived = 'false' }: Omit<ProcessQuery, keyof PageQuery>): Prisma.Sql {
  return allOf([
    name === undefined ? null : Prisma.sql`object.name = ${name}`,
    source_sha256 === undefined ? null : Prisma.sql`object.source_sha256 = ${source_sha256.toLowerCase()}`,
    isSet(Prisma.sql`object.archived_at`, archived)
  ])
}

/** Up to `take` processes after an id. */
export async function readProcesses (prisma: PrismaClient, condition: Prisma.Sql, after: string | null, take: number): Promise<PageRow<ListedProcess>[]> {
  return await readRowsById<ListedProcess>(prisma, pageAsJson, condition, after, take)
}
