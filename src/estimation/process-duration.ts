import type { Method } from '../contract/estimates.ts'
import { problem } from '../contract/problems.ts'
import { runPrepared } from '../store/commands.ts'
import type { Database } from '../store/database.ts'
import { samplesSinceChangePoint } from './change-point.ts'
import { chooseBound, type EstimateWarning, warningsFor } from './estimate.ts'
import { median, windowFor } from './model.ts'

/** How long a run of a process takes, first start to last finish, in seconds. */
export type ProcessDuration = {
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

// A run is over when it is completed, or when nothing of it runs and nothing was done for an hour: orchestrators rarely
// say that a run is over. Only the newest experiments are looked at, four times as many as can be needed.
const text = `
  SELECT e.duration_seconds AS seconds, extract(epoch FROM e.last_finish)::float8 AS finish
  FROM (SELECT id FROM experiment WHERE process_id = $1 ORDER BY id DESC LIMIT 4 * $2) newest
  JOIN experiment_state e ON e.id = newest.id
  WHERE e.duration_seconds IS NOT NULL
    AND (e.status = 'completed'
      OR (e.status = 'running' AND (e.steps->>'running')::integer = 0 AND e.last_finish < now() - interval '1 hour'))
  ORDER BY e.last_finish DESC LIMIT $2`

/** The bound of a process's runs at a confidence, from the spans of its past runs. */
export async function processDuration ({ pool, prisma }: Database, process: string, confidence: number): Promise<ProcessDuration> {
  if (await prisma.process.count({ where: { id: process } }) === 0) {
    throw problem('process-not-found', `No process has the id ${process}.`, { parameter: 'id' })
  }
  const runs = await runPrepared<{ seconds: number, finish: number }>(pool, text, [process, windowFor(confidence)])
  if (runs.length === 0) {
    return {
      process_id: process, duration_seconds: null, confidence, confidence_attained: null, method: 'none', sample_size: 0, window_from: null,
      median_seconds: null, warnings: [{ code: 'no-history', detail: 'No run of this process is over.' }]
    }
  }
  const keep = samplesSinceChangePoint(runs.map(({ seconds }) => seconds))
  const sorted = runs.slice(0, keep).map(({ seconds }) => seconds).sort((a, b) => a - b)
  const from = runs[keep - 1]!.finish
  const chosen = chooseBound(sorted, null, confidence, 'upper_bound')
  return {
    process_id: process,
    duration_seconds: chosen.seconds,
    confidence,
    confidence_attained: chosen.attained,
    method: chosen.method,
    sample_size: sorted.length,
    window_from: new Date(from * 1000).toISOString(),
    median_seconds: median(sorted),
    warnings: warningsFor({ sorted, cut: keep < runs.length, from }, confidence, chosen)
  }
}
