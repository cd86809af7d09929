import type { Step, StepSort } from '../contract/steps.ts'
import { isInstant, isUuid } from '../domain/values.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'
import { type PageRow, type JsonItem, type MemberKinds, selectAsJson, selectItemsAsJson } from './json-row.ts'
import { withinPageBytes } from './page-bytes.sql.ts'

const members: MemberKinds<Step> = {
  id: 'value', kind: 'value', name: 'value', fct: 'value', device: 'value', data: 'value', start: 'time', finish: 'time', status: 'value',
  duration_seconds: 'value', paused_at: 'time', paused_seconds: 'value', active_seconds: 'value', experiment_id: 'value', experiment_named: 'value', containers: 'value', origin: 'value', destination: 'value',
  lidded_before: 'value', lidded_after: 'value', barcode_read: 'value', is_simulation: 'value', attempt: 'value', expected_seconds: 'value', error: 'value', session: 'value',
  excluded_from_estimates: 'value', warnings: 'value', created_at: 'time',
  updated_at: 'time', version: 'value'
}

/** A query for the JSON of the steps of a view, or of a function that returns rows of it, with columns of `also`. A clause like `WHERE object.id = $1` can follow. */
export function stepsAsJson (from = 'step_state', also: readonly string[] = []): string {
  return selectAsJson(members, from, also)
}

const keys = ['id', 'start', 'duration_seconds']
const pageAsJson = selectItemsAsJson(members, '(SELECT state.* FROM page JOIN step_state state ON state.id = page.id)', keys)

/** A step of a list, with what a sorted list has as its key. */
export type ListedStep = JsonItem<Step> & Pick<Step, 'id' | 'start' | 'duration_seconds'>

/** The key of a step in a sorted list: the value that the list is sorted by, and the id. */
export type StepKey = readonly [sortedBy: string | number | null, id: string]

/** The key of a step for a sort order. */
export function stepKey (sort: StepSort, step: Omit<ListedStep, 'json'>): StepKey {
  return [sort.endsWith('start') ? new Date(step.start).toISOString() : step.duration_seconds, step.id]
}

/** Up to `take` steps after a key. An index on the table finds the page; only its rows are then read from the view. */
export async function readSteps (
  prisma: PrismaClient, condition: Prisma.Sql, sort: StepSort, after: StepKey | null, take: number
): Promise<PageRow<ListedStep>[]> {
  if (sort.endsWith('start')) return await readRange(prisma, condition, sort, after, take)
  // Two index ranges: steps with a duration, then steps without. An index has its nulls at one end only, but here they are
  // last for both directions.
  const withDuration = after !== null && after[0] === null ? [] : await readRange(prisma, Prisma.sql`${condition} AND s.duration_seconds IS NOT NULL`, sort, after, take)
  if (withDuration.length === take) return withDuration
  const afterNull = after !== null && after[0] === null ? after : null
  const without = await readRange(prisma, Prisma.sql`${condition} AND s.duration_seconds IS NULL`, sort, afterNull, take - withDuration.length)
  return [...withDuration, ...without]
}

async function readRange (prisma: PrismaClient, condition: Prisma.Sql, sort: StepSort, after: StepKey | null, take: number): Promise<PageRow<ListedStep>[]> {
  const column = Prisma.raw(sort.endsWith('start') ? 'start' : 'duration_seconds')
  const direction = Prisma.raw(sort.startsWith('-') ? 'DESC' : 'ASC')
  return await prisma.$queryRaw<PageRow<ListedStep>[]>`
    WITH page AS MATERIALIZED (
      SELECT s.id FROM step s WHERE ${condition} AND ${afterKey(sort, after)}
      ORDER BY s.${column} ${direction}, s.id ${direction} LIMIT ${take}
    )
    ${withinPageBytes(keys, Prisma.sql`${Prisma.raw(pageAsJson)} ORDER BY object.${column} ${direction}, object.id ${direction}`)}`
}

function afterKey (sort: StepSort, after: StepKey | null): Prisma.Sql {
  if (after === null) return Prisma.sql`true`
  const [sortedBy, id] = after
  const than = Prisma.raw(sort.startsWith('-') ? '<' : '>')
  if (sortedBy === null) return Prisma.sql`s.id ${than} ${id}::uuid`
  if (sort.endsWith('start')) return Prisma.sql`(s.start, s.id) ${than} (${sortedBy}::timestamptz, ${id}::uuid)`
  return Prisma.sql`(s.duration_seconds, s.id) ${than} (${sortedBy}::float8, ${id}::uuid)`
}

/** Whether the values of a cursor can be a key for this sort order. */
export function isStepKey (sort: StepSort, [sortedBy, id]: readonly unknown[]): boolean {
  if (typeof id !== 'string' || !isUuid(id)) return false
  if (sort.endsWith('start')) return typeof sortedBy === 'string' && isInstant(sortedBy)
  return sortedBy === null || typeof sortedBy === 'number'
}
