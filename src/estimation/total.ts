import type { Estimate } from './estimate.ts'
import { median, shortest } from './model.ts'
import { seededRandom } from './random.ts'

/** The estimated time of several steps one after another, in seconds. Steps without an estimate are only counted. */
export type Total = { duration_seconds: number | null, median_seconds: number | null, sum_of_bounds_seconds: number, unknown_steps: number }

/** One step of the sum. `samples` are those of its estimate, in seconds; empty without history. */
export type TotalPart = { samples: readonly number[], commanded: number | null, estimate: Estimate }

const draws = 2000
const minRatios = 3

/**
 * Estimates the sum by resampling. Each draw adds up one sample for each step. It is multiplied by the ratio (actual time
 * divided by predicted time) of one past run, because the steps of a run share a shift; this needs three ratios. The sum of
 * 95 % bounds would be far larger than a 95 % bound of the sum. The generator is seeded by the estimates, so the same request
 * with the same history gives the same result. Source: the bootstrap, B. Efron, Annals of Statistics 7 (1979) 1-26.
 */
export function totalOf (steps: readonly TotalPart[], confidence: number, ratios: readonly number[]): Total {
  const known = steps.filter(({ estimate }) => estimate.duration_seconds !== null)
  const unknown_steps = steps.length - known.length
  if (known.length === 0) return { duration_seconds: null, median_seconds: null, sum_of_bounds_seconds: 0, unknown_steps }

  const random = seededRandom(known.map(({ estimate }) => estimate.duration_seconds!))
  const sums = new Float64Array(draws)
  for (const { samples, commanded } of known) {
    for (let draw = 0; draw < draws; draw++) {
      const sample = samples.length === 0 ? 0 : samples[Math.floor(random() * samples.length)]!
      sums[draw]! += Math.max(shortest, (commanded ?? 0) + sample)
    }
  }
  const factors = ratios.length >= minRatios ? ratios : [1]
  const sorted = [...sums].map((sum) => sum * factors[Math.floor(random() * factors.length)]!).sort((a, b) => a - b)
  return {
    duration_seconds: sorted[Math.min(draws, Math.ceil(confidence * draws)) - 1]!,
    median_seconds: median(sorted),
    sum_of_bounds_seconds: known.reduce((sum, { estimate }) => sum + estimate.duration_seconds!, 0),
    unknown_steps
  }
}
