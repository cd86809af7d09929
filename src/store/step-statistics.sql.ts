import { invalid } from '../contract/problems.ts'
import type { StepGroupStatistics } from '../contract/step-statistics.ts'
import type { StepGrouping } from '../domain/step-grouping.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'

/** The maximum number of groups. A client that needs more should read the steps. */
const maxGroups = 10_000

// The SQL expression of each grouping. COLLATE "C" makes the order independent of the locale of the database.
const expressions: Readonly<Record<StepGrouping, string>> = {
  device: 'd.name COLLATE "C"',
  fct: 's.fct COLLATE "C"',
  kind: 's.kind COLLATE "C"',
  status: 's.status COLLATE "C"',
  experiment_id: 's.experiment_id',
  process_id: 'e.process_id',
  day: "to_char(s.start AT TIME ZONE zone.name, 'YYYY-MM-DD') COLLATE \"C\""
}

const joins: Partial<Record<StepGrouping, string>> = {
  device: 'JOIN device d ON d.id = s.device_id',
  process_id: 'LEFT JOIN experiment e ON e.id = s.experiment_id'
}

// Steps whose times or status cannot be trusted, those that were paused all the time, and those that a person left out, have no durations here. Failed and simulated steps
// have: filters select them.
const trusted = Prisma.sql`(CASE WHEN coalesce(NOT s.exclude_from_estimates, s.believable) AND s.excluded_from_estimates IS DISTINCT FROM 'unknown-status' AND NOT s.warnings @> '[{"code": "paused-throughout"}]' THEN active_seconds(s.duration_seconds, s.paused_seconds) END)`
const active = Prisma.sql`active_seconds(s.duration_seconds, s.paused_seconds)`

// The sum of milliseconds is a whole number of them. The other statistics are rounded to what is not noise of floating point.
const rounded = (expression: Prisma.Sql, digits: number) => Prisma.sql`round((${expression})::numeric, ${digits}::integer)::float8`

/** Counts and durations without pauses (in seconds) of the steps that match a condition on `step s`, by group. Without groupings there is one row. */
export async function stepStatistics (
  prisma: PrismaClient, condition: Prisma.Sql, groupings: readonly StepGrouping[], { all, timezone }: { all: boolean, timezone: string }
): Promise<StepGroupStatistics[]> {
  const list = groupings.map((name) => expressions[name])
  const members = groupings.map((name) => `'${name}', ${expressions[name]}`)
  const grouped = Prisma.raw(list.length === 0 ? '' : `GROUP BY ${list.join(', ')} ORDER BY ${list.map((expression) => `${expression} NULLS LAST`).join(', ')}`)
  const duration = all ? active : trusted
  const rows = await prisma.$queryRaw<StepGroupStatistics[]>`
    SELECT jsonb_build_object(${Prisma.raw(members.join(', '))}) AS "group",
      count(*)::int AS count, count(s.finish)::int AS finished, (count(*) FILTER (WHERE s.status = 'failed'))::int AS failed,
      ${rounded(Prisma.sql`avg(${duration})`, 9)} AS mean_seconds, ${rounded(Prisma.sql`stddev_samp(${duration})`, 9)} AS stddev_seconds,
      min(${duration})::float8 AS min_seconds, max(${duration})::float8 AS max_seconds,
      ${rounded(Prisma.sql`percentile_cont(0.5) WITHIN GROUP (ORDER BY ${duration})`, 9)} AS median_seconds,
      ${rounded(Prisma.sql`percentile_cont(0.95) WITHIN GROUP (ORDER BY ${duration})`, 9)} AS p95_seconds,
      coalesce(${rounded(Prisma.sql`sum(${duration})`, 3)}, 0)::float8 AS total_seconds
    FROM step s CROSS JOIN (SELECT ${timezone}::text AS name) zone ${Prisma.raw(groupings.map((name) => joins[name] ?? '').join(' '))}
    WHERE ${condition} ${grouped}
    LIMIT ${maxGroups + 1}`
  if (rows.length > maxGroups) {
    throw invalid({ in: 'query', parameter: 'group_by', detail: `makes more than ${maxGroups} groups; use narrower filters, or fewer groupings` })
  }
  return rows
}
