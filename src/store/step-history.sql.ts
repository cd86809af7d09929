import type { StepChange } from '../contract/steps.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'
import type { PageRow, JsonItem } from './json-row.ts'
import { withinPageBytes } from './page-bytes.sql.ts'
import { type Page, type PageQuery, readJsonPage } from './pages.ts'

/** A change of a step in a list. */
type ListedChange = JsonItem<StepChange> & Pick<StepChange, 'revision'>

/** A step in an event, with the members that steps did not have yet when the event was recorded. */
const whole = (side: 'before' | 'after'): Prisma.Sql => {
  const step = Prisma.raw(side)
  return Prisma.sql`jsonb_build_object('paused_at', NULL, 'paused_seconds', 0, 'active_seconds', ${step}->'duration_seconds', 'attempt', NULL, 'expected_seconds', NULL, 'error', NULL, 'session', NULL, 'excluded_from_estimates',
    step_exclusion(${step}->>'status', (${step}->>'finish')::timestamptz, (${step}->>'is_simulation')::boolean, NULL, ${step}->'warnings')) || ${step}`
}

/** One page of the changes of a step after it was logged, oldest first. A revision changes a step at most once, so it is the key. */
export async function stepHistory (prisma: PrismaClient, step: string, query: PageQuery): Promise<Page<ListedChange>> {
  const changes = Prisma.sql`FROM event WHERE step_id = ${step}::uuid AND kind IN ('step-finished', 'step-paused', 'step-resumed', 'step-lost', 'step-recovered', 'step-corrected')`
  return await readJsonPage<ListedChange, readonly [number]>(query, {
    name: 'step-history',
    filters: { step },
    keys: ({ revision }) => [revision],
    isKey: ([revision]) => Number.isSafeInteger(revision),
    read: async (after, take) => await prisma.$queryRaw<PageRow<ListedChange>[]>(withinPageBytes(['revision'], Prisma.sql`
      SELECT changed.revision, row_to_json(shown)::text AS json
      FROM (SELECT revision::float8 AS revision, recorded_at, kind, actor, reason, before, after ${changes} AND revision > ${after?.[0] ?? 0}::bigint ORDER BY revision LIMIT ${take}) changed
      CROSS JOIN LATERAL (SELECT revision, wire_time(recorded_at) AS recorded_at, kind, actor, reason, ${whole('before')} AS before, ${whole('after')} AS after) shown
      ORDER BY changed.revision`)),
    count: async () => {
      const [row] = await prisma.$queryRaw<{ count: number }[]>`SELECT count(*)::int AS count ${changes}`
      return row!.count
    }
  })
}
