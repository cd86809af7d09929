import { mean, median } from './model.ts'

/** The confidences at which margins are learnt. Between them, margins are interpolated. */
export const marginConfidences = [0.5, 0.8, 0.9, 0.95, 0.99] as const

/** One margin for each of `marginConfidences`, in seconds, zero or more. */
export type Margins = readonly number[]

export const noMargins: Margins = marginConfidences.map(() => 0)

// A run with fewer usable steps says too little about the share of steps that kept their bound.
const minSteps = 10
// Learning rate: one run changes the margin by this many typical misses, times the difference between the wanted and the
// observed share. Twice this value follows the noise of single runs; half of it lags behind shifts that last for days.
const learningRate = 0.6
// A margin needs more evidence than one unusual run.
const minRuns = 3
// The typical miss is the mean over this many runs, so it does not depend on the last run alone.
export const runsForTypicalMiss = 10

/**
 * The margin for a confidence, in seconds. It covers the small shift that all steps of one run share. Linear between the
 * `marginConfidences`. It never decreases with the confidence, so neither does the bound with its margin.
 */
export function marginFor (confidence: number, margins: Margins): number {
  let highest = 0
  const rising = margins.map((margin) => (highest = Math.max(highest, margin)))
  const above = marginConfidences.findIndex((point) => point >= confidence)
  if (above === 0) return rising[0]!
  if (above === -1) return rising.at(-1)!
  const [low, high] = [marginConfidences[above - 1]!, marginConfidences[above]!]
  return rising[above - 1]! + (confidence - low) / (high - low) * (rising[above]! - rising[above - 1]!)
}

/**
 * The margins after a run, in seconds. At each confidence c of `marginConfidences`, the margin grows if less than the share c of the
 * steps kept their bound plus margin, and shrinks if more did. It changes by `learningRate` times the mean typical miss times the
 * difference, and never falls below zero. `misses` are durations minus bounds in seconds, for each of `marginConfidences`, of steps
 * with a rank bound. `typicalMisses` are those of the last runs; with fewer than three, the margins do not change. Over many
 * runs, the mean share converges to c from below, whatever the durations are.
 * Source: online quantile tracking, A. Angelopoulos, E. Candès, R. Tibshirani, Conformal PID control (NeurIPS 2023), after
 * I. Gibbs, E. Candès, Adaptive conformal inference under distribution shift (NeurIPS 2021).
 */
export function nextMargins (before: Margins, misses: readonly (readonly number[])[], typicalMisses: readonly number[]): Margins {
  if (typicalMisses.length < minRuns) return before
  const step = learningRate * mean(typicalMisses)
  return before.map((margin, point) => {
    const run = misses[point]!
    if (run.length < minSteps) return margin
    const kept = run.filter((miss) => miss <= margin).length / run.length
    return Math.max(0, margin + step * (marginConfidences[point]! - kept))
  })
}

/**
 * How far one run shifts the rank at 0.5, and how far the rank may be shifted in all. Durations of one arm program lie within
 * hundredths of a second, so that a margin in seconds either does nothing or passes them all. A shift of the rank moves from one
 * sample to the next. Half of this rate, or twice of it, makes no difference in the third digit (docs/estimates.md).
 */
const shiftRate = 0.2
const maxShift = 0.15

/** The shift of the rank at 0.5 after a run. `misses` are durations minus bounds in seconds, at 0.5. It moves under the same conditions as the margins. */
export function nextShift (before: number, misses: readonly number[], typicalMisses: readonly number[]): number {
  if (typicalMisses.length < minRuns || misses.length < minSteps) return before
  const kept = misses.filter((miss) => miss <= 0).length / misses.length
  return Math.max(-maxShift, Math.min(maxShift, before + shiftRate * (marginConfidences[0] - kept)))
}

/**
 * The confidence at which the rank is taken of `n` samples. It is shifted most at 0.5, and not at all from 0.8 on, where margins do better. It
 * rises with the confidence, and is never more than n samples have, unless the confidence is.
 */
export function shiftedConfidence (confidence: number, shift: number, n: number): number {
  const [lowest, next] = marginConfidences
  const weight = confidence <= lowest ? confidence / lowest : Math.max(0, (next - confidence) / (next - lowest))
  return Math.min(confidence + shift * weight, Math.max(confidence, n / (n + 1)))
}

/** The median absolute distance (seconds) of the steps of a run from the median of their history; null for too few steps. */
export function typicalMiss (distances: readonly number[]): number | null {
  return distances.length < minSteps ? null : median(distances.map(Math.abs).sort((a, b) => a - b))
}
