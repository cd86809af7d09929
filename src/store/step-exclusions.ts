import { invalid } from '../contract/problems.ts'
import { maxDecided, type StepExclusionRequest, type StepExclusionResult, type StepWhere } from '../contract/step-exclusions.ts'
import type { Step } from '../contract/steps.ts'
import { toUtc } from '../domain/step-times.ts'
import { rangeFaults } from '../domain/time-ranges.ts'
import { viewColumns } from './columns.ts'
import { type AuditContext, withRetries } from './commands.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'
import { stepCondition } from './step-filters.sql.ts'

const maxShown = 50
const decisions = { exclude: true, include: false, undecided: null } as const

/** Decides about many steps as samples for estimates. A dry run only says which. Throws a 400 if too many match. */
export async function excludeSteps (
  prisma: PrismaClient, { where, decision = 'exclude', reason }: StepExclusionRequest, dryRun: boolean, audit: AuditContext
): Promise<StepExclusionResult> {
  const [reversed] = rangeFaults(where)
  if (reversed !== undefined) throw invalid({ in: 'body', pointer: `/where/${reversed.member}`, detail: reversed.detail })
  const condition = await whereCondition(prisma, where)
  const exclude = decisions[decision]
  return await withRetries(() => prisma.$transaction(async (transaction) => {
    const found = await transaction.$queryRaw<{ id: string, changes: boolean }[]>`
      SELECT s.id, s.exclude_from_estimates IS DISTINCT FROM ${exclude}::boolean AS changes FROM step s
      WHERE ${condition} ORDER BY s.start DESC, s.id DESC LIMIT ${maxDecided + 1}`
    if (found.length > maxDecided) {
      throw invalid({ in: 'body', pointer: '/where', detail: `matches more than ${maxDecided} steps; add started_after and started_before, and decide in several requests` })
    }
    const changing = found.filter(({ changes }) => changes).map(({ id }) => id)
    if (!dryRun && changing.length > 0) {
      await transaction.$executeRaw`SELECT decide_steps(${changing}::uuid[], ${exclude}::boolean, ${JSON.stringify({ ...audit, reason })}::jsonb)`
    }
    const items = await transaction.$queryRaw<Step[]>`
      SELECT ${Prisma.raw(viewColumns('step'))} FROM step_state WHERE id = ANY (${found.slice(0, maxShown).map(({ id }) => id)}::uuid[]) ORDER BY start DESC, id DESC`
    return { applied: !dryRun, matched: found.length, changed: changing.length, items }
  }))
}

async function whereCondition (prisma: PrismaClient, where: StepWhere): Promise<Prisma.Sql> {
  const { finished_after, finished_before, longer_than, doubtful, impossible_times, ...filters } = where
  const isDoubtful = Prisma.sql`s.id IN (SELECT id FROM doubtful_steps())`
  const conditions = [
    await stepCondition(prisma, filters),
    finished_after === undefined ? null : Prisma.sql`s.finish >= ${toUtc(finished_after)}::timestamptz`,
    finished_before === undefined ? null : Prisma.sql`s.finish < ${toUtc(finished_before)}::timestamptz`,
    longer_than === undefined ? null : Prisma.sql`s.duration_seconds > ${longer_than}::float8 AND active_seconds(s.duration_seconds, s.paused_seconds) > ${longer_than}::float8`,
    impossible_times === undefined ? null : Prisma.sql`${impossible_times ? Prisma.sql`NOT ` : Prisma.empty}s.believable`,
    doubtful === undefined ? null : doubtful ? isDoubtful : Prisma.sql`NOT ${isDoubtful}`
  ].filter((condition) => condition !== null)
  return Prisma.join(conditions, ' AND ')
}
