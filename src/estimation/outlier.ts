import { median, minDurationSeconds } from './model.ts'

// With fewer samples, an outlier cannot be distinguished from the second mode of a distribution.
const minSamples = 9
// The least ratio of the largest sample to the second largest.
const minRatio = 1.5
// The least log distance from largest to second largest, as a multiple of that from second largest to median.
const minGapRatio = 4

/**
 * Whether the largest of the ascending samples (seconds) is an outlier: at least 1.5 times the second largest and, on a log
 * scale, at least four times as far from it as it is from the median. Heavy-tailed distributions, even a Pareto distribution
 * of index 1, which has no mean, give such a sample in fewer than three of a thousand histories.
 */
export function endsInOutlier (sorted: readonly number[]): boolean {
  const n = sorted.length
  if (n < minSamples) return false
  const logs = [sorted[n - 1]!, sorted[n - 2]!, median(sorted)].map((x) => Math.log(Math.max(x, minDurationSeconds)))
  const [largest, second, middle] = logs as [number, number, number]
  return largest - second >= Math.log(minRatio) && largest - second >= minGapRatio * (second - middle)
}
