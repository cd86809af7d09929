import { mean, median } from './model.ts'

/** The confidences at which margins are learnt; between them they are interpolated. */
export const grid = [0.5, 0.8, 0.9, 0.95, 0.99] as const

/** Seconds by the grid, each zero or more. */
export type Margins = readonly number[]

export const noMargins: Margins = grid.map(() => 0)

// Of a run with fewer steps that say something, the share of those that fit is luck.
const stepsNeeded = 10
// How far one run moves the margin: so many of the lab's typical misses, times what its share was off. Twice that follows the
// noise of single runs, half of it lags behind shifts that last for days.
const pace = 0.6
// One odd run is no reason to add anything.
const runsNeeded = 3
// The typical miss is the mean over so many runs, so that the pace is the lab's and not the last run's.
export const runsForPace = 10

/**
 * Seconds to add to a bound, because the steps of a run share a small shift that earlier runs did not have. Between the
 * points of the grid in proportion; monotone in c, so that the bound with its margin is.
 */
export function marginFor (confidence: number, margins: Margins): number {
  let highest = 0
  const rising = margins.map((margin) => (highest = Math.max(highest, margin)))
  const above = grid.findIndex((point) => point >= confidence)
  if (above === 0) return rising[0]!
  if (above === -1) return rising.at(-1)!
  const [low, high] = [grid[above - 1]!, grid[above]!]
  return rising[above - 1]! + (confidence - low) / (high - low) * (rising[above]! - rising[above - 1]!)
}

/**
 * The margins after a run: raised where less than the promised share c of its steps kept the bound with its margin, lowered
 * where more did, by `pace` typical misses times the difference; never below zero. `misses` are, by the grid, what each step
 * took beyond its bound (seconds, negative when early), of steps whose history has the rank; `typicalMisses` those of the
 * last runs, three at least. Whatever the runs do, the mean share over many of them comes to c from below.
 * Source: online quantile tracking, A. Angelopoulos, E. Candès, R. Tibshirani, Conformal PID control (NeurIPS 2023), after
 * I. Gibbs, E. Candès, Adaptive conformal inference under distribution shift (NeurIPS 2021).
 */
export function nextMargins (before: Margins, misses: readonly (readonly number[])[], typicalMisses: readonly number[]): Margins {
  if (typicalMisses.length < runsNeeded) return before
  const step = pace * mean(typicalMisses)
  return before.map((margin, point) => {
    const run = misses[point]!
    if (run.length < stepsNeeded) return margin
    const kept = run.filter((miss) => miss <= margin).length / run.length
    return Math.max(0, margin + step * (grid[point]! - kept))
  })
}

/** The middle of the distances of a run's steps from the middle of their history, in seconds; null where too few are known. */
export function typicalMiss (distances: readonly number[]): number | null {
  return distances.length < stepsNeeded ? null : median(distances.map(Math.abs).sort((a, b) => a - b))
}
