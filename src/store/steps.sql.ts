import type { Step, StepSort } from '../contract/steps.ts'
import { isInstant, isUuid } from '../domain/values.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'

/** Where a step stands in a list: what the list is sorted by, and its id. */
export type StepKey = readonly [sortedBy: string | number | null, id: string]

/** The key of a step in a list of this order. */
export function stepKey (sort: StepSort, step: Step): StepKey {
  return [sort.endsWith('start') ? new Date(step.start).toISOString() : step.duration_seconds, step.id]
}

/** At most `take` steps after a key. The page is found in the table by an index, and only then shown as steps. */
export async function readSteps (prisma: PrismaClient, condition: Prisma.Sql, sort: StepSort, after: StepKey | null, take: number): Promise<Step[]> {
  if (sort.endsWith('start')) return await readPart(prisma, condition, sort, after, take)
  // two ranges of one index, since null is at one of its ends only: those with a duration, then those without
  const withDuration = after !== null && after[0] === null ? [] : await readPart(prisma, Prisma.sql`${condition} AND s.duration_seconds IS NOT NULL`, sort, after, take)
  if (withDuration.length === take) return withDuration
  const afterNull = after !== null && after[0] === null ? after : null
  const without = await readPart(prisma, Prisma.sql`${condition} AND s.duration_seconds IS NULL`, sort, afterNull, take - withDuration.length)
  return [...withDuration, ...without]
}

async function readPart (prisma: PrismaClient, condition: Prisma.Sql, sort: StepSort, after: StepKey | null, take: number): Promise<Step[]> {
  const column = Prisma.raw(sort.endsWith('start') ? 'start' : 'duration_seconds')
  const direction = Prisma.raw(sort.startsWith('-') ? 'DESC' : 'ASC')
  return await prisma.$queryRaw<Step[]>`
    WITH page AS MATERIALIZED (
      SELECT s.id FROM step s WHERE ${condition} AND ${beyond(sort, after)}
      ORDER BY s.${column} ${direction}, s.id ${direction} LIMIT ${take}
    )
    SELECT state.* FROM page JOIN step_state state ON state.id = page.id
    ORDER BY state.${column} ${direction}, state.id ${direction}`
}

function beyond (sort: StepSort, after: StepKey | null): Prisma.Sql {
  if (after === null) return Prisma.sql`true`
  const [sortedBy, id] = after
  const than = Prisma.raw(sort.startsWith('-') ? '<' : '>')
  if (sortedBy === null) return Prisma.sql`s.id ${than} ${id}::uuid`
  if (sort.endsWith('start')) return Prisma.sql`(s.start, s.id) ${than} (${sortedBy}::timestamptz, ${id}::uuid)`
  return Prisma.sql`(s.duration_seconds, s.id) ${than} (${sortedBy}::float8, ${id}::uuid)`
}

/** Whether what a cursor holds could be the key of a step in a list of this order. */
export function isStepKey (sort: StepSort, [sortedBy, id]: readonly unknown[]): boolean {
  if (typeof id !== 'string' || !isUuid(id)) return false
  if (sort.endsWith('start')) return typeof sortedBy === 'string' && isInstant(sortedBy)
  return sortedBy === null || typeof sortedBy === 'number'
}

export async function countSteps (prisma: PrismaClient, condition: Prisma.Sql): Promise<number> {
  const [row] = await prisma.$queryRaw<{ count: number }[]>`SELECT count(*)::int AS count FROM step s WHERE ${condition}`
  return row!.count
}
