import { median, shortest } from './model.ts'

// Fewer samples cannot tell a hang from a law with two modes.
const fewest = 9
const farther = 1.5
const lonelier = 4

/**
 * Whether the largest of sorted samples (seconds) is a lone hang: half as long again as the second largest at least, and on
 * a log scale three times as far from that as that is from the median. Of laws with a tail, even one without a mean (Pareto
 * of index 1), fewer than three in a thousand histories look so.
 */
export function endsInOutlier (sorted: readonly number[]): boolean {
  const n = sorted.length
  if (n < fewest) return false
  const [largest, second, middle] = [sorted[n - 1]!, sorted[n - 2]!, median(sorted)].map((x) => Math.log(Math.max(x, shortest))) as [number, number, number]
  return largest - second >= Math.log(farther) && largest - second >= lonelier * (second - middle)
}
