import type { Calibration, CalibrationGrouping, CalibrationScore } from '../contract/estimates.ts'
import { runPrepared } from '../store/commands.ts'
import type { Database } from '../store/database.ts'
import { estimate } from './estimate.ts'
import type { EstimateQuery } from './estimate-query.ts'
import { readHistories } from './history.sql.ts'
import { learntNewestFirst } from './learnt.sql.ts'
import { noMargins } from './margins.ts'
import { samplesFor, windowFor } from './model.ts'

type CalibratedStep = EstimateQuery & { id: string, start: Date, as_of: string, fct: string | null, sample_seconds: number, commanded_seconds: number | null }

const chunk = 1000
/** Steps from before so many runs are judged without margins. */
const mostRuns = 2000

// Reads the newest steps first, along the index on `start`. `as_of` is the time at which an orchestrator would have asked for
// the estimate: the start of the experiment, or of the step itself if it belongs to no experiment.
const calibratedStepsSql = `
  WITH newest AS MATERIALIZED (
    SELECT * FROM step WHERE is_sample AND start >= $1::timestamptz AND (start, id) < ($2::timestamptz, $3::uuid)
    ORDER BY start DESC, id DESC LIMIT $4
  ),
  -- once for each experiment, not for each of its steps
  began AS MATERIALIZED (
    SELECT e.experiment_id, (SELECT start FROM step run WHERE run.experiment_id = e.experiment_id AND run.believable ORDER BY start LIMIT 1) AS start
    FROM (SELECT DISTINCT experiment_id FROM newest WHERE experiment_id IS NOT NULL) e
  )
  SELECT s.id, s.start, wire_time(coalesce(began.start, s.start)) AS as_of, s.fct, s.sample_seconds, s.commanded_seconds,
    s.kind, s.match_function, s.match_parameters, s.match_protocol, d.name AS device,
    o.name AS origin_device, s.origin_position, t.name AS destination_device, s.destination_position,
    s.lidded_before, s.lidded_after, s.barcode_read
  FROM newest s
  JOIN device d ON d.id = s.device_id
  LEFT JOIN device o ON o.id = s.origin_device_id
  LEFT JOIN device t ON t.id = s.destination_device_id
  LEFT JOIN began ON began.experiment_id = s.experiment_id
  ORDER BY s.start DESC, s.id DESC`

/**
 * Replays the newest `limit` steps that started at or after `since` (ISO 8601; null: any time), and scores their bounds.
 * Each step is estimated with the history and the margins of its time. Steps are read in chunks, so memory use does not
 * grow with the log.
 */
export async function calibrate (
  { pool }: Database, { confidence, since, groupBy, limit }: { confidence: number, since: string | null, groupBy: CalibrationGrouping | null, limit: number }
): Promise<Calibration> {
  const marginsNewestFirst = await learntNewestFirst(pool, mostRuns)
  const overall = emptyTally()
  const groups = new Map<string | null, Tally>()
  let from = { start: '3000-01-01T00:00:00Z', id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }
  let read = 0
  let more = true
  while (more && read < limit) {
    const steps = await runPrepared<CalibratedStep>(pool, calibratedStepsSql, [since ?? '-infinity', from.start, from.id, Math.min(chunk, limit - read)])
    await score(steps)
    read += steps.length
    more = steps.length > 0 && steps.length === Math.min(chunk, limit - (read - steps.length))
    const last = steps.at(-1)
    if (last !== undefined) from = { start: last.start.toISOString(), id: last.id }
  }
  return {
    confidence, since, steps: read, truncated: more && read >= limit, overall: scoreOf(null, overall),
    groups: [...groups].map(([group, tally]) => scoreOf(group, tally)).sort((a, b) => b.steps - a.steps)
  }

  async function score (steps: readonly CalibratedStep[]): Promise<void> {
    const queries = steps.map(({ id, start, fct, sample_seconds, commanded_seconds, ...query }): EstimateQuery => query)
    const { histories } = await readHistories(pool, queries, { most: windowFor(confidence), enough: samplesFor(confidence) })
    for (const [index, step] of steps.entries()) {
      const asOf = Date.parse(step.as_of) / 1000
      const { margins, shift } = marginsNewestFirst.find(({ ended_at }) => ended_at < asOf) ?? { margins: noMargins, shift: 0 }
      const estimated = estimate(histories[index] ?? null, { kind: step.kind, commanded: step.commanded_seconds }, { confidence, statistic: 'upper_bound', margins, shift })
      const actual = step.sample_seconds + (step.commanded_seconds ?? 0)
      add(overall, estimated.duration_seconds, actual, confidence)
      if (groupBy === null) continue
      const group = { level: estimated.level, method: estimated.method, function: step.fct, device: step.device }[groupBy]
      if (!groups.has(group)) groups.set(group, emptyTally())
      add(groups.get(group)!, estimated.duration_seconds, actual, confidence)
    }
  }
}

/** Sums over steps. `excess` and `loss` are in seconds. */
type Tally = { steps: number, answered: number, covered: number, excess: number, loss: number }

function emptyTally (): Tally {
  return { steps: 0, answered: 0, covered: 0, excess: 0, loss: 0 }
}

function add (tally: Tally, bound: number | null, actual: number, confidence: number): void {
  tally.steps++
  if (bound === null) return
  tally.answered++
  if (actual <= bound) tally.covered++
  tally.excess += bound - actual
  tally.loss += actual > bound ? confidence * (actual - bound) : (1 - confidence) * (bound - actual)
}

function scoreOf (group: string | null, { steps, answered, covered, excess, loss }: Tally): CalibrationScore {
  const share = (sum: number) => answered === 0 ? null : sum / answered
  return { group, steps, answered, coverage: share(covered), mean_excess_seconds: share(excess), pinball_loss_seconds: share(loss) }
}
