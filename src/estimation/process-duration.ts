import type { Method } from '../contract/estimates.ts'
import { problem } from '../contract/problems.ts'
import { type Queryable, runPrepared } from '../store/commands.ts'
import type { Database } from '../store/database.ts'
import { samplesSinceChangePoint } from './change-point.ts'
import { chooseBound, type EstimateWarning, warningsFor } from './estimate.ts'
import { inMilliseconds, median, windowFor } from './model.ts'

/** The estimated duration of an experiment, from first start to last finish, without the times in which it stood still. Durations are in seconds. */
export type ProcessDurationEstimate = {
  process_id: string
  duration_seconds: number | null
  confidence: number
  confidence_attained: number | null
  method: Method
  sample_size: number
  window_from: string | null
  median_seconds: number | null
  warnings: EstimateWarning[]
}

// A sample is the time from the first start to the last finish of the steps that count, without the times in which the run stood
// still. A run with pauses whose times cannot be true is left out, and so is one that stood still all the time. Runs with failed or aborted steps are left
// out: they ended early, or waited for a person. An experiment counts as over when it is completed, or when no step is running and
// the last finish is an hour ago, because orchestrators rarely complete experiments. The newest experiments are those that began
// last, whatever their ids: each is one probe of an index. Only four times as many as the window needs are read; those without a step
// that counts, such as simulations, and those with a failed step are none of them.
const durationsSql = `
  SELECT (extract(epoch FROM run.finish - run.start) - standstill.seconds)::float8 AS seconds, extract(epoch FROM run.finish)::float8 AS finish
  FROM (
    SELECT e.id, e.status FROM experiment e
    CROSS JOIN LATERAL (SELECT start FROM step WHERE experiment_id = e.id AND believable AND is_sample AND start <= coalesce($3::timestamptz, now()) ORDER BY start DESC LIMIT 1) latest
    WHERE e.process_id = $1 AND e.id IS DISTINCT FROM $4::uuid AND e.status IN ('running', 'completed') AND step_doubt(e.warnings) IS DISTINCT FROM 'clock'
      AND NOT EXISTS (SELECT FROM step WHERE experiment_id = e.id AND status IN ('failed', 'aborted'))
    ORDER BY latest.start DESC LIMIT 4 * $2
  ) newest
  CROSS JOIN LATERAL (
    SELECT min(start) FILTER (WHERE is_sample AND believable) AS start, max(finish) FILTER (WHERE is_sample AND believable) AS finish,
      bool_or(status IN ('running', 'paused')) AS running
    FROM step WHERE experiment_id = newest.id
  ) run
  CROSS JOIN LATERAL (SELECT standstill_seconds(newest.id, run.start, run.finish) AS seconds) standstill
  WHERE NOT paused_throughout(extract(epoch FROM run.finish - run.start), standstill.seconds) AND run.start IS NOT NULL AND run.finish <= coalesce($3::timestamptz, now())
    AND (newest.status = 'completed' OR (NOT run.running AND run.finish < now() - interval '1 hour'))
  ORDER BY run.finish DESC LIMIT $2`

/** Durations of experiments in seconds, ascending and not empty. `from` is the finish of the oldest one, in seconds since 1970; `cut` says that those from before a change point were dropped. */
type PastDurations = { sorted: number[], from: number, cut: boolean }

/** What the newest experiments of a process took that were over at a time (`until`; without it: now), without the experiment `except`. Null if there are none. */
export async function pastDurations (
  database: Queryable, process: string, confidence: number, { until = null, except = null }: { until?: Date | null, except?: string | null } = {}
): Promise<PastDurations | null> {
  const values = [process, windowFor(confidence), until?.toISOString() ?? null, except]
  const experiments = await runPrepared<{ seconds: number, finish: number }>(database, durationsSql, values)
  if (experiments.length === 0) return null
  const keep = samplesSinceChangePoint(experiments.map(({ seconds }) => seconds))
  return {
    sorted: experiments.slice(0, keep).map(({ seconds }) => seconds).sort((a, b) => a - b), from: experiments[keep - 1]!.finish, cut: keep < experiments.length
  }
}

/** Estimates the duration of an experiment from past experiments of the process. Throws a Problem for an unknown process. */
export async function processDuration ({ pool, prisma }: Database, process: string, confidence: number): Promise<ProcessDurationEstimate> {
  if (await prisma.process.count({ where: { id: process } }) === 0) {
    throw problem('process-not-found', `No process has the id ${process}.`, { parameter: 'id' })
  }
  const past = await pastDurations(pool, process, confidence)
  if (past === null) {
    return {
      process_id: process, duration_seconds: null, confidence, confidence_attained: null, method: 'none', sample_size: 0, window_from: null,
      median_seconds: null, warnings: [{ code: 'no-history', detail: 'No experiment of this process has ended yet.' }]
    }
  }
  const { sorted, from, cut } = past
  const chosen = chooseBound(sorted, null, confidence, 'upper_bound')
  return {
    process_id: process,
    duration_seconds: inMilliseconds(chosen.seconds),
    confidence,
    confidence_attained: chosen.attained,
    method: chosen.method,
    sample_size: sorted.length,
    window_from: new Date(from * 1000).toISOString(),
    median_seconds: inMilliseconds(median(sorted)),
    warnings: warningsFor({ sorted, cut, from }, confidence, chosen)
  }
}
