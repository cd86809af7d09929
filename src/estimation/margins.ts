import { median } from './model.ts'

/** The confidences at which margins are learnt; between them they are interpolated. */
export const grid = [0.5, 0.8, 0.9, 0.95, 0.99] as const

// A run's margin is noisy, and the shift of a lab's runs drifts over weeks: the middle of ten stands four odd runs.
const runsLookedAt = 10
const runsNeeded = 3
// Fewer steps of a run say nothing of its share.
const stepsNeeded = 10

/** The margins of one run, by the grid; null where too few of its steps say something. */
export type RunMargins = readonly (number | null)[]

/**
 * Seconds to add to a bound, because the steps of a run share a small shift that earlier runs did not have: for each of
 * the last runs the margin that would have made exactly the share c of its steps fit; of those the median, never below
 * zero. Zero until three runs are known. Monotone in c, so that the bound with its margin is.
 */
export function marginFor (confidence: number, newestFirst: readonly RunMargins[]): number {
  let highest = 0
  const margins = grid.map((_, index) => {
    const known = newestFirst.map((run) => run[index] ?? null).filter((margin) => margin !== null).slice(0, runsLookedAt)
    if (known.length >= runsNeeded) highest = Math.max(highest, median(known.sort((a, b) => a - b)))
    return highest
  })
  const above = grid.findIndex((point) => point >= confidence)
  if (above === 0) return margins[0]!
  if (above === -1) return margins.at(-1)!
  const [low, high] = [grid[above - 1]!, grid[above]!]
  const share = (confidence - low) / (high - low)
  return margins[above - 1]! + share * (margins[above]! - margins[above - 1]!)
}

/** The margin of a run at the confidence c: the smallest m that at least the share c of its misses (actual - bound, in seconds) do not exceed. */
export function marginOfRun (misses: readonly number[], confidence: number): number | null {
  if (misses.length < stepsNeeded) return null
  const sorted = [...misses].sort((a, b) => a - b)
  return sorted[Math.max(1, Math.ceil(confidence * sorted.length - 1e-9)) - 1]!
}
