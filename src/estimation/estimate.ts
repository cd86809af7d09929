import type { Method, Statistic } from '../contract/estimates.ts'
import type { MatchLevel } from '../domain/match-levels.ts'
import type { History } from './history.sql.ts'
import { marginFor, type Margins, shiftedConfidence } from './margins.ts'
import { type BorrowedSpread, inMilliseconds, mean, median, rankBound, samplesFor, minDurationSeconds, substituteBound } from './model.ts'
import { endsInOutlier } from './outlier.ts'
import { basisOf, middleBasisOf, type SampleBasis, upperConfidence } from './sample-basis.ts'

export type EstimateWarning = { code: string, detail: string, pointer?: string }

/** The estimate of one step, with what it is based on. Durations are in seconds. */
export type StepEstimate = {
  duration_seconds: number | null
  confidence: number
  confidence_attained: number | null
  method: Method
  level: MatchLevel | null
  sample_size: number
  window_from: string | null
  median_seconds: number | null
  margin_seconds: number
  warnings: EstimateWarning[]
}

/** The confidence of a request that does not specify one. */
export const defaultConfidence = 0.95

// With fewer samples, the estimate carries the warning `few-samples`.
const reliableSampleSize = 10

/** `margins` and `shift` are those learnt up to the last finished run (margins.ts). */
export type EstimateOptions = { confidence: number, statistic: Statistic, margins: Margins, shift?: number }

/** The step to estimate. `commanded` is its commanded time in seconds; the overhead from the history is added to it. */
export type EstimateSubject = { kind: 'operation' | 'move', commanded: number | null }

/** The estimate of one step. `history` is null if there are no comparable steps. */
export function estimate (
  history: History | null, { kind, commanded }: EstimateSubject, { confidence, statistic, margins, shift = 0 }: EstimateOptions
): StepEstimate {
  if (history === null) return withoutHistory(commanded, confidence)
  const { basis, chosen } = chosenOf(history, kind, { confidence, statistic, shift })
  const { seconds, attained, method } = chosen
  const margin = statistic === 'upper_bound' ? marginFor(confidence, margins) : 0
  return {
    duration_seconds: total(commanded, seconds + margin),
    confidence,
    confidence_attained: attained,
    method: commanded !== null && method === 'rank' ? 'overhead' : method,
    level: basis.level,
    sample_size: basis.sorted.length,
    window_from: new Date(basis.from * 1000).toISOString(),
    median_seconds: total(commanded, median(basis.sorted)),
    margin_seconds: inMilliseconds(margin),
    warnings: [...warningsFor(basis, confidence, chosen), ...changedWarnings(basis, basisOf(history, kind))]
  }
}

function withoutHistory (commanded: number | null, confidence: number): StepEstimate {
  return {
    duration_seconds: commanded === null ? null : inMilliseconds(commanded),
    confidence,
    confidence_attained: null,
    method: commanded === null ? 'none' : 'commanded',
    level: null,
    sample_size: 0,
    window_from: null,
    median_seconds: commanded === null ? null : inMilliseconds(commanded),
    margin_seconds: 0,
    warnings: [{
      code: 'no-history',
      detail: commanded === null ? 'There are no comparable steps.' : 'There are no comparable steps; the estimate is the commanded time.'
    }]
  }
}

/**
 * A statistic of the samples, in seconds. `attained` is the confidence that the samples alone guarantee. `outlier` is the
 * sample that was left out, if any.
 */
export type ChosenBound = { seconds: number, attained: number | null, method: Method, outlier?: number }

type Chosen = { basis: SampleBasis, chosen: ChosenBound }

/** The statistic of a history, before its margin, and the samples that it uses. */
export function chosenOf (history: History, kind: EstimateSubject['kind'], { confidence, statistic, shift }: { confidence: number, statistic: Statistic, shift: number }): Chosen {
  if (statistic === 'upper_bound') return boundOf(history, kind, { confidence, shift })!
  const basis = basisOf(history, kind)
  return { basis, chosen: chooseBound(basis.sorted, history.borrowedSpread, defaultConfidence, statistic) }
}

/**
 * The bound of a history, before its margin, and the samples that it uses. Below `upperConfidence` these are the newest ones, and the bound is
 * never above the one at `upperConfidence`. So it does not fall with the confidence as long as the window is the same (`windowFor`). Of a running step, only samples that are longer are
 * used; returns null if there are none.
 */
export function boundOf (
  history: History, kind: EstimateSubject['kind'], { confidence, shift }: { confidence: number, shift: number }, isLonger?: (sample: number) => boolean
): Chosen | null {
  const upper = among(basisOf(history, kind), isLonger)
  if (upper.sorted.length === 0) return null
  const boundAt = (basis: SampleBasis, at: number): Chosen =>
    ({ basis, chosen: chooseBound(basis.sorted, history.borrowedSpread, shiftedConfidence(at, shift, basis.sorted.length), 'upper_bound') })
  const middle = confidence < upperConfidence ? among(middleBasisOf(history, kind), isLonger) : upper
  // The same samples, or none that are longer among the newest.
  if (middle.sorted.length === upper.sorted.length || middle.sorted.length === 0) return boundAt(upper, confidence)
  const bound = boundAt(middle, confidence)
  const highest = boundAt(upper, upperConfidence)
  return highest.chosen.seconds < bound.chosen.seconds ? highest : bound
}

function among (basis: SampleBasis, isLonger: ((sample: number) => boolean) | undefined): SampleBasis {
  return isLonger === undefined ? basis : { ...basis, sorted: basis.sorted.filter(isLonger) }
}

/**
 * The requested statistic of the samples (seconds, ascending, not empty). `borrowed` is the spread of the wider level; it is
 * needed only when there are too few samples for the rank bound.
 */
export function chooseBound (sorted: readonly number[], borrowed: BorrowedSpread | null, confidence: number, statistic: Statistic): ChosenBound {
  switch (statistic) {
    case 'max': return { seconds: sorted.at(-1)!, attained: sorted.length / (sorted.length + 1), method: 'max' }
    case 'mean': return { seconds: mean(sorted), attained: null, method: 'mean' }
    case 'median': return { seconds: median(sorted), attained: null, method: 'median' }
    case 'upper_bound': return upperBound(sorted, borrowed, confidence)
  }
}

/**
 * The rank bound, or the substitute bound if there are too few samples. If the bound depends on an outlier, the outlier is
 * left out. This needs outliers to be rarer than the misses that confidence c allows: either one in n >= c / (1 - c) samples,
 * or the share of outliers at the wider level.
 */
function upperBound (sorted: readonly number[], borrowed: BorrowedSpread | null, confidence: number): ChosenBound {
  const n = sorted.length
  const ranked = rankBound(sorted, confidence)
  const onLargest = ranked === null || ranked.seconds === sorted[n - 1]
  if (onLargest && endsInOutlier(sorted) && (ranked !== null || (borrowed !== null && borrowed.outlier_share <= 1 - confidence))) {
    const rest = sorted.slice(0, -1)
    const seconds = ranked === null ? substituteBound(rest, confidence, borrowed) : rest.at(-1)!
    return { seconds, attained: (n - 1) / (n + 1), method: 'substitute', outlier: sorted[n - 1]! }
  }
  if (ranked !== null) return { ...ranked, method: 'rank' }
  return { seconds: substituteBound(sorted, confidence, borrowed), attained: n / (n + 1), method: 'substitute' }
}

/** The whole duration: the commanded time plus seconds of overhead. Never shorter than a step can be. */
export function total (commanded: number | null, seconds: number): number {
  return Math.max(minDurationSeconds, inMilliseconds((commanded ?? 0) + seconds))
}

/** The warnings about the samples that an estimate uses. */
export function warningsFor (
  { sorted, cut, from }: Pick<SampleBasis, 'sorted' | 'cut' | 'from'>, confidence: number, { method, outlier, attained }: ChosenBound
): EstimateWarning[] {
  const samples = sorted.length
  const needed = samplesFor(confidence)
  const warnings: EstimateWarning[] = []
  if (samples < reliableSampleSize) {
    warnings.push({ code: 'few-samples', detail: `There are only ${samples} comparable steps; estimates are reliable from ${reliableSampleSize} on.` })
  }
  if (method === 'substitute' && samples < needed) {
    warnings.push({
      code: 'below-sample-size',
      detail: `A bound at ${confidence} needs ${needed} samples. With fewer, it assumes log-normal durations. The samples alone guarantee ${inMilliseconds(attained ?? 0)}.`
    })
  }
  if (outlier !== undefined) {
    warnings.push({
      code: 'hang-left-out',
      detail: `One of the ${samples} steps took ${inMilliseconds(outlier)} s, far longer than all others. It counts as an outlier and is left out.`
    })
  }
  if (cut) warnings.push({ code: 'device-changed', detail: `${clearlyChanged(from)} Earlier steps are left out.` })
  return warnings
}

/** The warning of an estimate that uses samples from before a change point. */
function changedWarnings (used: SampleBasis, sinceChange: SampleBasis): EstimateWarning[] {
  if (used.cut || !sinceChange.cut) return []
  return [{ code: 'device-changed', detail: `${clearlyChanged(sinceChange.from)} Below a confidence of ${upperConfidence}, the newest ${used.sorted.length} steps are used, also earlier ones.` }]
}

function clearlyChanged (from: number): string {
  return `Comparable steps take clearly longer or shorter since ${new Date(from * 1000).toISOString()}.`
}
