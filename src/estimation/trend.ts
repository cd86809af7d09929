import type { EstimatedKind } from '../contract/estimate-kinds.ts'
import { median } from './model.ts'

// So many of the newest samples are compared, each with each.
const mostCompared = 100
// Fewer say nothing: with eight, a strictly rising series has a probability of 1 / 8! by chance, and a noisy one is not found.
const leastCompared = 8
// In standard deviations. By chance, one kind in 370 is beyond it.
const minDeviations = 3
// As a share of the median, over all compared samples: what is less does not matter to a plan.
const minRelativeChange = 0.1

/**
 * Whether the samples (seconds, newest first) become longer or shorter. If they changed at once (change-point.ts), `keep` of them are after the change, and
 * the medians before and after it decide. Otherwise it is the Mann-Kendall test, which counts the pairs that rise and that
 * fall, together with the slope of Theil and Sen: the median of the slopes of all pairs, by the number of steps between them.
 * Sources: H. B. Mann, Econometrica 13 (1945) 245-259; M. G. Kendall, Rank Correlation Methods (1975), also for ties;
 * P. K. Sen, JASA 63 (1968) 1379-1389.
 */
export function trendOf (newestFirst: readonly number[], keep = newestFirst.length): EstimatedKind['trend'] {
  if (keep < newestFirst.length) return middleOf(newestFirst.slice(0, keep)) > middleOf(newestFirst.slice(keep)) ? 'slower' : 'faster'
  const samples = newestFirst.slice(0, mostCompared).reverse()
  const n = samples.length
  if (n < leastCompared) return 'steady'
  let score = 0
  const slopes: number[] = []
  for (let earlier = 0; earlier < n; earlier++) {
    for (let later = earlier + 1; later < n; later++) {
      const difference = samples[later]! - samples[earlier]!
      score += Math.sign(difference)
      slopes.push(difference / (later - earlier))
    }
  }
  const variance = (n * (n - 1) * (2 * n + 5) - tiesOf(samples).reduce((sum, t) => sum + t * (t - 1) * (2 * t + 5), 0)) / 18
  if (variance === 0 || (Math.abs(score) - 1) / Math.sqrt(variance) < minDeviations) return 'steady'
  const change = middleOf(slopes) * (n - 1)
  if (Math.abs(change) < minRelativeChange * Math.abs(middleOf(samples))) return 'steady'
  return change > 0 ? 'slower' : 'faster'
}

function middleOf (values: readonly number[]): number {
  return median([...values].sort((a, b) => a - b))
}

/** How many samples have each value. */
function tiesOf (samples: readonly number[]): number[] {
  const counts = new Map<number, number>()
  for (const sample of samples) counts.set(sample, (counts.get(sample) ?? 0) + 1)
  return [...counts.values()]
}
