import type { Estimate } from './estimate.ts'
import type { History } from './history.sql.ts'
import { median, shortest } from './model.ts'
import { seededRandom } from './random.ts'

/** The time of several steps together, in seconds; steps without an estimate are counted, not summed. */
export type Total = { duration_seconds: number | null, median_seconds: number | null, sum_of_bounds_seconds: number, unknown_steps: number }

type Answered = { history: History | null, commanded: number | null, estimate: Estimate }

const draws = 2000

/**
 * The distribution of the sum, by resampling: each draw takes one past duration for each step. The sum of 95 % bounds
 * is far more than a 95 % bound of the sum. Seeded by the histories themselves, so that the same request over the same
 * history answers the same.
 */
export function totalOf (answered: readonly Answered[], confidence: number): Total {
  const known = answered.filter(({ estimate }) => estimate.duration_seconds !== null)
  const bounds = known.reduce((sum, { estimate }) => sum + estimate.duration_seconds!, 0)
  const unknown = answered.length - known.length
  if (known.length === 0) return { duration_seconds: null, median_seconds: null, sum_of_bounds_seconds: 0, unknown_steps: unknown }

  const random = seededRandom(known.map(({ estimate }) => estimate.duration_seconds!))
  const sums = new Float64Array(draws)
  for (const { history, commanded } of known) {
    for (let draw = 0; draw < draws; draw++) {
      const sample = history === null ? 0 : history.samples[Math.floor(random() * history.samples.length)]!
      sums[draw]! += Math.max(shortest, (commanded ?? 0) + sample)
    }
  }
  const sorted = [...sums.sort()]
  return {
    duration_seconds: sorted[Math.min(draws, Math.ceil(confidence * draws)) - 1]!,
    median_seconds: median(sorted),
    sum_of_bounds_seconds: bounds,
    unknown_steps: unknown
  }
}
