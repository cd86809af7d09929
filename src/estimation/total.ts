import type { StepEstimate, EstimateWarning } from './estimate.ts'
import { inMilliseconds, median, minDurationSeconds } from './model.ts'
import { seededRandom } from './random.ts'
import { type YieldToRequests, slices } from '../domain/slices.ts'

/** The estimated time of several steps one after another, in seconds. Steps without an estimate are only counted. */
export type Total = {
  duration_seconds: number | null, median_seconds: number | null, sum_of_bounds_seconds: number, unknown_steps: number, warnings: EstimateWarning[]
}

/** One step of the sum. `samples` are those of its estimate, in seconds; empty without history. */
export type TotalPart = { samples: readonly number[], commanded: number | null, estimate: StepEstimate }

/** `ratios` are those of past runs. */
export type TotalOptions = { confidence: number, ratios: readonly number[] }

const draws = 2000
const minRatios = 3

/**
 * Estimates the sum by resampling. Each draw adds up one sample for each step. It is multiplied by the ratio (actual time
 * divided by predicted time) of one past run, because the steps of a run share a shift; this needs three ratios. The sum of
 * 95 % bounds would be far larger than a 95 % bound of the sum. The generator is seeded by the estimates, so the same request
 * with the same history gives the same result. Source: the bootstrap, B. Efron, Annals of Statistics 7 (1979) 1-26.
 *
 * No step takes less than no time, so the sum exceeds each of its steps, and each of its quantiles that quantile of each step. The
 * result therefore is never below the estimate of one step, whatever its statistic, nor its median below the median of one step. Few
 * samples can say less: a bound from few samples is above all of them, and so is not among the draws.
 */
export async function totalOf (
  steps: readonly TotalPart[], { confidence, ratios }: TotalOptions, yieldToRequests: YieldToRequests = slices()
): Promise<Total> {
  const known = steps.filter(({ estimate }) => estimate.duration_seconds !== null)
  const unknown_steps = steps.length - known.length
  if (known.length === 0) return { duration_seconds: null, median_seconds: null, sum_of_bounds_seconds: 0, unknown_steps, warnings: [] }

  const random = seededRandom(known.map(({ estimate }) => estimate.duration_seconds!))
  const sums = new Float64Array(draws)
  for (const { samples, commanded } of known) {
    await yieldToRequests()
    for (let draw = 0; draw < draws; draw++) {
      const sample = samples.length === 0 ? 0 : samples[Math.floor(random() * samples.length)]!
      sums[draw]! += Math.max(minDurationSeconds, (commanded ?? 0) + sample)
    }
  }
  const factors = ratios.length >= minRatios ? ratios : [1]
  const sorted = [...sums].map((sum) => sum * factors[Math.floor(random() * factors.length)]!).sort((a, b) => a - b)
  const longestMedian = largest(known.map(({ estimate }) => estimate.median_seconds ?? 0))
  const longestEstimate = largest(known.map(({ estimate }) => estimate.duration_seconds!))
  // A total differs from others mostly by the factor of its run, of which few are known: the rank among n of them is ceil(c (n + 1)).
  const share = factors === ratios ? Math.min(1, Math.ceil(confidence * (ratios.length + 1) - 1e-9) / ratios.length) : confidence
  const duration_seconds = inMilliseconds(Math.max(sorted[Math.min(draws, Math.ceil(share * draws)) - 1]!, longestEstimate))
  return {
    duration_seconds,
    median_seconds: inMilliseconds(Math.max(median(sorted), longestMedian)),
    sum_of_bounds_seconds: inMilliseconds(known.reduce((sum, { estimate }) => sum + estimate.duration_seconds!, 0)),
    unknown_steps,
    warnings: duration_seconds >= longestMedian
      ? []
      : [{ code: 'below-a-median', detail: `At the confidence ${confidence}, the total is below the median of its longest step (${longestMedian} s).` }]
  }
}

function largest (numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0)
}
