import { median } from './model.ts'

// Below this many samples on either side a change cannot be told from luck.
const fewest = 6
// Standard deviations of the rank sum. The best of some fifty splits reaches 4 by luck in about one window of a thousand;
// cutting on less evidence (three misses in a row) made the coverage of real histories worse.
const evidence = 4
// A tenth of the older median. Smaller shifts are those of whole runs, which the run margin covers.
const effect = 0.1
// The shift against the quartile ranges of both parts together. A steady trend has 1, whatever its slope, and is no change.
const abruptness = 1.5

/**
 * How many of the newest samples (newest first) to keep: all, or, when the device changed, those since the change. The
 * change point is the split whose newer part differs most from the older one by the rank-sum statistic, if it differs by
 * enough. Source: the Mann-Whitney change-point test, A. N. Pettitt, Applied Statistics 28 (1979) 126-135.
 */
export function samplesSinceChangePoint (newestFirst: readonly number[]): number {
  const n = newestFirst.length
  if (n < 2 * fewest) return n
  const ranks = ranksOf(newestFirst)
  let strongest = 0
  let keep = n
  let sum = 0
  for (let newer = 1; newer <= n - fewest; newer++) {
    sum += ranks[newer - 1]!
    if (newer < fewest) continue
    const expected = newer * (n + 1) / 2
    const deviation = Math.sqrt(newer * (n - newer) * (n + 1) / 12)
    const z = Math.abs(sum - expected) / deviation
    if (z > strongest) [strongest, keep] = [z, newer]
  }
  if (strongest < evidence) return n
  const after = medianAndRange(newestFirst.slice(0, keep))
  const before = medianAndRange(newestFirst.slice(keep))
  const shift = Math.abs(after.median - before.median)
  return shift >= effect * Math.abs(before.median) && shift >= abruptness * (after.quartiles + before.quartiles) ? keep : n
}

function medianAndRange (samples: readonly number[]): { median: number, quartiles: number } {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!
  return { median: median(sorted), quartiles: at(0.75) - at(0.25) }
}

// The rank of each sample, ties sharing theirs.
function ranksOf (samples: readonly number[]): number[] {
  const order = samples.map((_, index) => index).sort((a, b) => samples[a]! - samples[b]!)
  const ranks = new Array<number>(samples.length)
  for (let first = 0; first < order.length;) {
    let last = first
    while (last + 1 < order.length && samples[order[last + 1]!] === samples[order[first]!]) last++
    for (let place = first; place <= last; place++) ranks[order[place]!] = (first + last) / 2 + 1
    first = last + 1
  }
  return ranks
}
