import { studentQuantile } from './quantiles.ts'

// The statistics of one estimate: pure functions of the durations of comparable steps, in seconds.

/** The shortest duration, in seconds. Zero or negative durations, from clock resolution or skew, count as this. */
export const minDurationSeconds = 0.001

/** Seconds in whole milliseconds, the resolution of all times. Sums of decimal fractions are not exact: 600.005 - 600 is 0.00499999999999545. */
export function inMilliseconds (seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}

/** The number of newest samples used for a confidence c: enough for the rank bound, few enough to follow a changing device. */
export function windowFor (confidence: number): number {
  return Math.min(2000, Math.max(50, 2 * samplesFor(confidence)))
}

/** The number of samples that the rank bound needs: the smallest n with n >= c / (1 - c). */
export function samplesFor (confidence: number): number {
  return Math.ceil(confidence / (1 - confidence) - 1e-9)
}

/**
 * The rank bound of ascending samples, in seconds, and the confidence k / (n + 1) that it attains; null for too few samples.
 * If the next duration is exchangeable with x(1) <= ... <= x(n), then P(next <= x(k)) >= k / (n + 1), so k = ceil(c (n + 1)).
 * Holds for every distribution and every n.
 * Source: the one-sided split-conformal bound, V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World (2005).
 */
export function rankBound (sorted: readonly number[], confidence: number): { seconds: number, attained: number } | null {
  const n = sorted.length
  const k = Math.max(1, Math.ceil(confidence * (n + 1) - 1e-9))
  return k <= n ? { seconds: sorted[k - 1]!, attained: k / (n + 1) } : null
}

/**
 * What is known from the next wider level. `deviation` is the standard deviation of durations around the median of their own
 * program, in log seconds; `degrees` are its degrees of freedom; `outlier_share` is the share of outliers.
 */
export type BorrowedSpread = { deviation: number, degrees: number, outlier_share: number }

// The default when nothing is known: 10 %, with the weight of four samples. For one sample of 10 s, the bound at 0.95 is 13.5 s.
const unknownSpread = { deviation: 0.1, degrees: 4 }
// The borrowed spread comes from other steps, so it never has the weight of more than ten samples.
const maxBorrowedDegrees = 10
// In seconds (30,000 years). Extreme samples with a confidence close to 1 would overflow a double.
const longestBound = 1e12

/**
 * The substitute bound, for too few samples for the rank bound, in seconds. It is the largest sample, or the one-sided
 * prediction bound of a log-normal distribution if that is larger: exp(m + t(c, v) s sqrt(1 + 1/n)). The variance pools that
 * of the samples with the borrowed one. Never decreases with c. `sorted` is ascending and not empty.
 * Source: the normal prediction interval (G. J. Hahn, JASA 64 (1969) 878-888) with a scaled inverse chi-square prior.
 */
export function substituteBound (sorted: readonly number[], confidence: number, borrowed: BorrowedSpread | null): number {
  const n = sorted.length
  const logs = sorted.map((x) => Math.log(Math.max(x, minDurationSeconds)))
  const mean = logs.reduce((sum, x) => sum + x, 0) / n
  const own = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0)
  const prior = borrowed !== null && borrowed.degrees > 0 ? borrowed : unknownSpread
  const weight = Math.min(prior.degrees, maxBorrowedDegrees)
  const degrees = weight + n - 1
  const variance = (weight * prior.deviation ** 2 + own) / degrees
  const bound = Math.exp(mean + studentQuantile(Math.max(confidence, 0.5), degrees) * Math.sqrt(variance * (1 + 1 / n)))
  return Math.max(sorted[n - 1]!, Math.min(bound, longestBound))
}

/** The median of sorted samples. */
export function median (sorted: readonly number[]): number {
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function mean (samples: readonly number[]): number {
  return samples.reduce((sum, x) => sum + x, 0) / samples.length
}
