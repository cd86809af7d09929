import type { TimelineItem } from '../contract/timelines.ts'
import { type Queryable, runPrepared } from '../store/commands.ts'
import type { ExperimentStatusName } from '../domain/experiment-status.ts'
import type { EstimateQuery } from './estimate-query.ts'

/** An experiment as its timeline needs it. `until` is now, or its last finish if it has ended; `active_seconds` are those since it began in which it did not stand still. */
export type TimelineRun = {
  id: string, process_id: string, status: ExperimentStatusName, now: Date, began_at: Date | null, until: Date | null, active_seconds: number | null
}

/** A step of it. `paused_seconds` are those of its pauses. */
export type TimelineRow = EstimateQuery & {
  step: TimelineItem['step'], start: Date, is_under_way: boolean, commanded_seconds: number | null, paused_seconds: number, waited_seconds: number | null
}

const runSql = `
SELECT e.id, e.process_id, e.status, now()::timestamptz(3) AS now, began.at AS began_at, until.at AS until,
  (extract(epoch FROM until.at - began.at) - standstill_seconds(e.id, began.at, until.at))::float8 AS active_seconds
FROM experiment e
LEFT JOIN LATERAL (SELECT s.start AS at FROM step s WHERE s.experiment_id = e.id AND s.believable ORDER BY s.start LIMIT 1) began ON true
CROSS JOIN LATERAL (
  SELECT CASE WHEN e.status IN ('completed', 'aborted') THEN (SELECT max(s.finish) FROM step s WHERE s.experiment_id = e.id AND s.believable)
    ELSE greatest(now()::timestamptz(3), began.at) END AS at
) until
WHERE e.id = $1`

// A container waits from the finish of one step to the start of the next one of the same experiment. Containers that are not known are
// told apart by how they were named.
const stepsSql = `
WITH shown AS MATERIALIZED (
  SELECT * FROM step WHERE experiment_id = $1 ORDER BY start DESC, id DESC LIMIT $2
),
involved AS MATERIALIZED (
  SELECT s.id AS step_id, sc.ordinal, sc.container_id, sc.named,
    max(CASE WHEN s.believable THEN s.finish END) OVER (PARTITION BY coalesce(sc.container_id::text, sc.named) ORDER BY s.start, s.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS free_at
  FROM shown s CROSS JOIN LATERAL (
    -- as container_of_step, for a whole experiment at once
    SELECT 0 AS ordinal, s.container_id, s.container_named AS named WHERE s.container_named IS NOT NULL
    UNION ALL SELECT c.ordinal, c.container_id, c.named FROM step_container c WHERE c.step_id = s.id
  ) sc
),
of_step AS (
  SELECT i.step_id, max(i.free_at) AS free_at,
    json_agg(json_build_object('id', i.container_id, 'barcode', (SELECT c.barcode FROM container c WHERE c.id = i.container_id), 'named', i.named) ORDER BY i.ordinal) AS containers
  FROM involved i GROUP BY i.step_id
)
SELECT json_build_object('id', s.id, 'kind', s.kind, 'name', s.name, 'fct', s.fct, 'device', d.name, 'status', s.status,
    'start', wire_time(s.start), 'finish', wire_time(s.finish), 'duration_seconds', s.duration_seconds, 'active_seconds', active_seconds(s.duration_seconds, s.paused_seconds),
    'origin', CASE WHEN o.id IS NOT NULL THEN json_build_object('device', o.name, 'position', s.origin_position) END,
    'destination', CASE WHEN t.id IS NOT NULL THEN json_build_object('device', t.name, 'position', s.destination_position) END,
    'containers', coalesce(of_step.containers, '[]')) AS step,
  s.start, s.status IN ('running', 'lost') AS is_under_way, coalesce(s.paused_seconds, 0) AS paused_seconds, s.commanded_seconds,
  CASE WHEN s.believable AND of_step.free_at IS NOT NULL THEN greatest(round(extract(epoch FROM s.start - of_step.free_at), 3), 0)::float8 END AS waited_seconds,
  s.kind, s.match_function, s.match_parameters, s.match_protocol, d.name AS device,
  o.name AS origin_device, s.origin_position, t.name AS destination_device, s.destination_position,
  s.lidded_before, s.lidded_after, s.barcode_read, wire_time($3::timestamptz) AS as_of
FROM shown s
JOIN device d ON d.id = s.device_id
LEFT JOIN device o ON o.id = s.origin_device_id
LEFT JOIN device t ON t.id = s.destination_device_id
LEFT JOIN of_step ON of_step.step_id = s.id
ORDER BY s.start, s.id`

/** An experiment, or undefined if there is none with this id. */
export async function readTimelineRun (database: Queryable, experiment: string): Promise<TimelineRun | undefined> {
  const [run] = await runPrepared<TimelineRun>(database, runSql, [experiment])
  return run
}

/** The newest steps of an experiment, so many at most, oldest first, each with the query for its history as of a time. */
export async function readTimelineSteps (database: Queryable, experiment: string, most: number, asOf: Date | null): Promise<TimelineRow[]> {
  return await runPrepared<TimelineRow>(database, stepsSql, [experiment, most, asOf?.toISOString() ?? null])
}
