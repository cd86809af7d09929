import { median } from './model.ts'

// With fewer samples on either side, a change cannot be distinguished from chance.
const minSamplesPerSide = 6
// In standard deviations of the rank sum. By chance, the best of about fifty splits reaches 4 in one window of a thousand.
// A lower threshold (three misses in a row) made the coverage of real histories worse.
const minRankSumDeviations = 4
// As a share of the older median. Smaller shifts are typical between runs; the margin covers them.
const minRelativeShift = 0.1
// The shift divided by the sum of the interquartile ranges of both parts. A steady trend gives 1, whatever its slope. Such a
// trend is not a change point.
const minAbruptness = 1.5

/**
 * Returns how many of the newest samples to keep: all of them, or only those since the change point. Samples are in seconds,
 * newest first. The candidate is the split with the largest rank-sum statistic between the newer and the older part. It is a
 * change point if it exceeds the three thresholds above.
 * Source: the Mann-Whitney change-point test, A. N. Pettitt, Applied Statistics 28 (1979) 126-135.
 */
export function samplesSinceChangePoint (newestFirst: readonly number[]): number {
  const n = newestFirst.length
  if (n < 2 * minSamplesPerSide) return n
  const ranks = ranksOf(newestFirst)
  let strongest = 0
  let keep = n
  let sum = 0
  for (let newer = 1; newer <= n - minSamplesPerSide; newer++) {
    sum += ranks[newer - 1]!
    if (newer < minSamplesPerSide) continue
    const expected = newer * (n + 1) / 2
    const deviation = Math.sqrt(newer * (n - newer) * (n + 1) / 12)
    const z = Math.abs(sum - expected) / deviation
    if (z > strongest) [strongest, keep] = [z, newer]
  }
  if (strongest < minRankSumDeviations) return n
  const after = medianAndRange(newestFirst.slice(0, keep))
  const before = medianAndRange(newestFirst.slice(keep))
  const shift = Math.abs(after.median - before.median)
  return shift >= minRelativeShift * Math.abs(before.median) && shift >= minAbruptness * (after.quartiles + before.quartiles) ? keep : n
}

function medianAndRange (samples: readonly number[]): { median: number, quartiles: number } {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!
  return { median: median(sorted), quartiles: at(0.75) - at(0.25) }
}

// The rank of each sample, from 1. Equal samples share their mean rank.
function ranksOf (samples: readonly number[]): number[] {
  const order = samples.map((_, index) => index).sort((a, b) => samples[a]! - samples[b]!)
  const ranks = new Array<number>(samples.length)
  for (let first = 0; first < order.length;) {
    let last = first
    while (last + 1 < order.length && samples[order[last + 1]!] === samples[order[first]!]) last++
    for (let index = first; index <= last; index++) ranks[order[index]!] = (first + last) / 2 + 1
    first = last + 1
  }
  return ranks
}
