import { problem } from '../contract/problems.ts'
import { type ExperimentTimeline, maxTimelineSteps, type StepPrediction } from '../contract/timelines.ts'
import { allowedAfter } from '../domain/experiment-status.ts'
import type { Queryable } from '../store/commands.ts'
import { chooseBound, estimate, type StepEstimate } from './estimate.ts'
import type { EstimateQuery } from './estimate-query.ts'
import { type History, readHistories } from './history.sql.ts'
import { learntBefore } from './learnt.sql.ts'
import { inMilliseconds, median, samplesFor, windowFor } from './model.ts'
import { pastDurations } from './process-duration.ts'
import { slices } from '../domain/slices.ts'
import { readTimelineRun, readTimelineSteps, type TimelineRow, type TimelineRun } from './timeline.sql.ts'

/** When something should end, in seconds since 1970. */
type Ends = { expected: number, bound: number }

/**
 * The steps of an experiment, each with what an orchestrator was told that asked when the experiment began: with the history and the margins of
 * that time, as the calibration replays it. Throws `experiment-not-found`.
 */
export async function timelineOf (database: Queryable, experiment: string, confidence: number): Promise<ExperimentTimeline> {
  const run = await readTimelineRun(database, experiment)
  if (run === undefined) throw problem('experiment-not-found', 'No experiment has this id.', { parameter: 'id' })
  const found = await readTimelineSteps(database, experiment, maxTimelineSteps + 1, run.began_at)
  const rows = found.slice(-maxTimelineSteps)
  const predictions = await predictionsOf(database, run, rows, confidence)
  const past = run.began_at === null ? null : await pastDurations(database, run.process_id, confidence, { until: run.began_at, except: run.id })
  const seconds = past?.sorted ?? []
  const { expected, bound } = endsOf(run, rows, predictions, seconds, confidence)
  return {
    now: run.now.toISOString(),
    status: run.status,
    began_at: run.began_at?.toISOString() ?? null,
    predicted: seconds.length === 0 ? null : { ...spanOf(seconds, confidence), sample_size: seconds.length },
    expected_finish: timeOf(expected),
    bound_finish: timeOf(bound),
    items: rows.map(({ step, waited_seconds }, index) => ({ step, predicted: predictions[index]!, waited_seconds })),
    truncated: found.length > maxTimelineSteps
  }
}

async function predictionsOf (database: Queryable, run: TimelineRun, rows: readonly TimelineRow[], confidence: number): Promise<(StepPrediction | null)[]> {
  if (run.began_at === null) return rows.map(() => null)
  const queries = rows.map(queryOf)
  const { histories } = await readHistories(database, queries, { most: windowFor(confidence), enough: samplesFor(confidence) })
  const options = { confidence, statistic: 'upper_bound', ...await learntBefore(database, run.began_at) } as const
  // Equal steps share one history.
  const cache = new Map<History | null, Map<number | null, StepPrediction | null>>()
  const yieldToRequests = slices()
  const predictions: (StepPrediction | null)[] = []
  for (const [index, { kind, commanded_seconds: commanded }] of rows.entries()) {
    await yieldToRequests()
    const history = histories[index] ?? null
    const byCommanded = cache.get(history) ?? new Map<number | null, StepPrediction | null>()
    cache.set(history, byCommanded)
    const known = byCommanded.get(commanded)
    const predicted = known === undefined ? predictionOf(estimate(history, { kind, commanded }, options)) : known
    byCommanded.set(commanded, predicted)
    predictions.push(predicted)
  }
  return predictions
}

function queryOf (row: TimelineRow): EstimateQuery {
  const { kind, match_function, match_parameters, match_protocol, device, origin_device, origin_position, destination_device, destination_position } = row
  const { lidded_before, lidded_after, barcode_read, as_of } = row
  return {
    kind, match_function, match_parameters, match_protocol, device, origin_device, origin_position, destination_device, destination_position,
    lidded_before, lidded_after, barcode_read, as_of
  }
}

function predictionOf ({ median_seconds, duration_seconds, method, level, sample_size }: StepEstimate): StepPrediction | null {
  return median_seconds === null || duration_seconds === null ? null : { median_seconds, bound_seconds: duration_seconds, method, level, sample_size }
}

/** The median and the bound of durations (seconds, ascending, not empty). */
function spanOf (seconds: readonly number[], confidence: number) {
  return { median_seconds: inMilliseconds(median(seconds)), bound_seconds: inMilliseconds(chooseBound(seconds, null, confidence, 'upper_bound').seconds) }
}

/** When the whole should end; null if nobody knows. `seconds` are the durations of earlier ones. */
function endsOf (
  { status, began_at, until, now, active_seconds: active }: TimelineRun,
  rows: readonly TimelineRow[], predictions: readonly (StepPrediction | null)[], seconds: readonly number[], confidence: number
): { [E in keyof Ends]: number | null } {
  const unknown = { expected: null, bound: null }
  if (began_at === null || until === null || active === null || seconds.length === 0 || status === 'paused') return unknown
  const [begins, present] = [began_at.getTime() / 1000, now.getTime() / 1000]
  if (allowedAfter(status).length === 0) {
    const stood = until.getTime() / 1000 - begins - active
    const { median_seconds, bound_seconds } = spanOf(seconds, confidence)
    return { expected: begins + stood + median_seconds, bound: begins + stood + bound_seconds }
  }
  // As for a running step: only those that took longer say how much longer.
  const longer = seconds.filter((each) => each > active)
  if (longer.length === 0) return unknown
  const { median_seconds, bound_seconds } = spanOf(longer, confidence)
  const steps = rows.flatMap((row, index) => endsOfStep(row, predictions[index]!))
  return {
    expected: Math.max(present + median_seconds - active, ...steps.map(({ expected }) => expected)),
    bound: Math.max(present + bound_seconds - active, ...steps.map(({ bound }) => bound))
  }
}

/** When a step that runs should end. */
function endsOfStep ({ is_under_way, start, paused_seconds }: TimelineRow, predicted: StepPrediction | null): Ends[] {
  if (!is_under_way || predicted === null) return []
  const begins = start.getTime() / 1000 + paused_seconds
  return [{ expected: begins + predicted.median_seconds, bound: begins + predicted.bound_seconds }]
}

function timeOf (seconds: number | null): string | null {
  return seconds === null ? null : new Date(Math.round(seconds * 1000)).toISOString()
}
