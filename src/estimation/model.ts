import { studentQuantile } from './quantiles.ts'

// The statistics of one estimate: pure functions over the durations of comparable steps, in seconds.

/** Durations are positive; what a clock's grain or a skew made zero or less counts as a millisecond. */
export const shortest = 0.001

/** How many of the most recent samples are looked at for a confidence c: enough for the rank, few enough to follow a device that changes. */
export function windowFor (confidence: number): number {
  return Math.min(2000, Math.max(50, 2 * samplesFor(confidence)))
}

/** How many samples the rank bound needs: the least n with n >= c / (1 - c). */
export function samplesFor (confidence: number): number {
  return Math.ceil(confidence / (1 - confidence) - 1e-9)
}

/**
 * The rank bound: with x(1) <= ... <= x(n) exchangeable with the next, P(next <= x(k)) >= k / (n + 1), so k = ceil(c (n + 1)).
 * Distribution-free and exact for every n; null below the sample size that c needs.
 * Source: the one-sided split-conformal bound, V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World (2005).
 */
export function rankBound (sorted: readonly number[], confidence: number): { seconds: number, attained: number } | null {
  const n = sorted.length
  const k = Math.max(1, Math.ceil(confidence * (n + 1) - 1e-9))
  return k <= n ? { seconds: sorted[k - 1]!, attained: k / (n + 1) } : null
}

/**
 * What the wider level of the ladder tells of steps like these: their spread around the middle of their own program, in log
 * seconds, from how many degrees of freedom, and the share of them that hung.
 */
export type BorrowedSpread = { deviation: number, degrees: number, hung: number }

// Where nothing wider is known: a tenth either way, worth four samples. One sample of 10 s is then bounded by 13.5 s at 0.95.
const unknownSpread = { deviation: 0.1, degrees: 4 }
// However much the wider level knows, it is of other steps: it never outweighs ten samples of these.
const mostBorrowed = 10
// Samples of a blink and of years, and a confidence next to 1, ask for more than a double holds. No step takes 30,000 years.
const longestBound = 1e12

/**
 * The substitute below the sample size that the rank needs: the larger of the largest sample and the one-sided
 * prediction bound of a log-normal law, exp(m + t(c, v) s sqrt(1 + 1/n)), whose variance pools the samples' own with the
 * one lent by the wider level. Monotone in c.
 * Source: the normal prediction interval (G. J. Hahn, JASA 64 (1969) 878-888) with a scaled inverse chi-square prior.
 */
export function substituteBound (sorted: readonly number[], confidence: number, lent: BorrowedSpread | null): number {
  const n = sorted.length
  const logs = sorted.map((x) => Math.log(Math.max(x, shortest)))
  const mean = logs.reduce((sum, x) => sum + x, 0) / n
  const own = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0)
  const prior = lent !== null && lent.degrees > 0 ? lent : unknownSpread
  const weight = Math.min(prior.degrees, mostBorrowed)
  const degrees = weight + n - 1
  const variance = (weight * prior.deviation ** 2 + own) / degrees
  const bound = Math.exp(mean + studentQuantile(Math.max(confidence, 0.5), degrees) * Math.sqrt(variance * (1 + 1 / n)))
  return Math.max(sorted[n - 1]!, Math.min(bound, longestBound))
}

/** The middle of sorted samples. */
export function median (sorted: readonly number[]): number {
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The arithmetic mean. */
export function mean (samples: readonly number[]): number {
  return samples.reduce((sum, x) => sum + x, 0) / samples.length
}
