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
  day: "to_char(s.start AT TIME ZONE 'UTC', 'YYYY-MM-DD') COLLATE \"C\""
}

const joins: Partial<Record<StepGrouping, string>> = {
  device: 'JOIN device d ON d.id = s.device_id',
  process_id: 'LEFT JOIN experiment e ON e.id = s.experiment_id'
}

/** Counts and durations (in seconds) of the steps that match a condition on `step s`, by group. Without groupings there is one row. */
export async function stepStatistics (prisma: PrismaClient, condition: Prisma.Sql, groupings: readonly StepGrouping[]): Promise<StepGroupStatistics[]> {
  const list = groupings.map((name) => expressions[name])
  const members = groupings.map((name) => `'${name}', ${expressions[name]}`)
  const grouped = Prisma.raw(list.length === 0 ? '' : `GROUP BY ${list.join(', ')} ORDER BY ${list.map((expression) => `${expression} NULLS LAST`).join(', ')}`)
  const rows = await prisma.$queryRaw<StepGroupStatistics[]>`
    SELECT jsonb_build_object(${Prisma.raw(members.join(', '))}) AS "group",
      count(*)::int AS count, count(s.finish)::int AS finished, (count(*) FILTER (WHERE s.status = 'failed'))::int AS failed,
      avg(s.duration_seconds)::float8 AS mean_seconds, stddev_samp(s.duration_seconds)::float8 AS stddev_seconds,
      min(s.duration_seconds)::float8 AS min_seconds, max(s.duration_seconds)::float8 AS max_seconds,
      (percentile_cont(0.5) WITHIN GROUP (ORDER BY s.duration_seconds))::float8 AS median_seconds,
      (percentile_cont(0.95) WITHIN GROUP (ORDER BY s.duration_seconds))::float8 AS p95_seconds,
      coalesce(sum(s.duration_seconds), 0)::float8 AS total_seconds
    FROM step s ${Prisma.raw(groupings.map((name) => joins[name] ?? '').join(' '))}
    WHERE ${condition} ${grouped}
    LIMIT ${maxGroups + 1}`
  if (rows.length > maxGroups) {
    throw invalid({ in: 'query', parameter: 'group_by', detail: `makes more than ${maxGroups} groups; use narrower filters, or fewer groupings` })
  }
  return rows
}
