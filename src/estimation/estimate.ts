import type { Method, Statistic } from '../contract/estimates.ts'
import { type MatchLevel, matchLevels, mixedLevels } from '../domain/match-levels.ts'
import { samplesSinceChangePoint } from './change-point.ts'
import type { History } from './history.sql.ts'
import { marginFor, type Margins } from './margins.ts'
import { type BorrowedSpread, mean, median, rankBound, samplesFor, shortest, substituteBound } from './model.ts'
import { endsInOutlier } from './outlier.ts'

export type EstimateWarning = { code: string, detail: string }

/** An answer that explains itself; durations in seconds. */
export type Estimate = {
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

/** The confidence of who does not say one. */
export const defaultConfidence = 0.95

const few = 10

/** How an estimate is asked for; `margins` are those as of the last run. */
export type EstimateOptions = { confidence: number, statistic: Statistic, margins: Margins }

/** What is to be estimated: `commanded` is the time in seconds that the step is told to take, to which the history's overhead is added. */
export type EstimateSubject = { kind: 'operation' | 'move', commanded: number | null }

/** The samples that an answer rests on, in seconds: the window, cut where the device changed. */
export type SampleBasis = { level: MatchLevel, sorted: readonly number[], from: number, cut: boolean }

// A batch asks for the same history again and again.
const bases = new WeakMap<History, SampleBasis>()

/** The part of a history that still holds. Wide levels mix programs, whose order is no change of the device: they are not cut. */
export function basisOf (history: History, kind: EstimateSubject['kind']): SampleBasis {
  const known = bases.get(history)
  if (known !== undefined) return known
  const level = matchLevels[kind][history.level - 1]!
  const keep = mixedLevels.has(level) ? history.samples.length : samplesSinceChangePoint(history.samples)
  const basis: SampleBasis = {
    level,
    sorted: history.samples.slice(0, keep).sort((a, b) => a - b),
    from: history.finishes[keep - 1]!,
    cut: keep < history.samples.length
  }
  bases.set(history, basis)
  return basis
}

/** The estimate of one step from its history. */
export function estimate (history: History | null, { kind, commanded }: EstimateSubject, { confidence, statistic, margins }: EstimateOptions): Estimate {
  if (history === null) return withoutHistory(commanded, confidence)
  const basis = basisOf(history, kind)
  const chosen = chooseBound(basis.sorted, history.lent, confidence, statistic)
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
    margin_seconds: margin,
    warnings: warningsFor(basis, confidence, chosen)
  }
}

function withoutHistory (commanded: number | null, confidence: number): Estimate {
  return {
    duration_seconds: commanded,
    confidence,
    confidence_attained: null,
    method: commanded === null ? 'none' : 'commanded',
    level: null,
    sample_size: 0,
    window_from: null,
    median_seconds: commanded,
    margin_seconds: 0,
    warnings: [{
      code: 'no-history',
      detail: commanded === null ? 'Nothing comparable was ever done.' : 'Nothing comparable was ever done; the answer is the time that the step is told to take.'
    }]
  }
}

/** A statistic of sorted samples in seconds, and what it rests on; `hang` is a sample that it leaves out as a lone hang. */
export type ChosenBound = { seconds: number, attained: number | null, method: Method, hang?: number }

/** The statistic that is wanted of the samples; `lent` is known where the samples are fewer than the rank needs. */
export function chooseBound (sorted: readonly number[], lent: BorrowedSpread | null, confidence: number, statistic: Statistic): ChosenBound {
  switch (statistic) {
    case 'max': return { seconds: sorted.at(-1)!, attained: sorted.length / (sorted.length + 1), method: 'max' }
    case 'mean': return { seconds: mean(sorted), attained: null, method: 'mean' }
    case 'median': return { seconds: median(sorted), attained: null, method: 'median' }
    case 'upper_bound': return upperBound(sorted, lent, confidence)
  }
}

/**
 * The rank bound; below its sample size the substitute. Where either would rest on one lone hang, that is left out, if hangs
 * are rarer than the misses that the confidence allows: as one in n >= c / (1 - c) samples is, or as the wider level says.
 */
function upperBound (sorted: readonly number[], lent: BorrowedSpread | null, confidence: number): ChosenBound {
  const n = sorted.length
  const ranked = rankBound(sorted, confidence)
  const onLargest = ranked === null || ranked.seconds === sorted[n - 1]
  if (onLargest && endsInOutlier(sorted) && (ranked !== null || (lent !== null && lent.hung <= 1 - confidence))) {
    const rest = sorted.slice(0, -1)
    const seconds = ranked === null ? substituteBound(rest, confidence, lent) : rest.at(-1)!
    return { seconds, attained: (n - 1) / (n + 1), method: 'substitute', hang: sorted[n - 1]! }
  }
  if (ranked !== null) return { ...ranked, method: 'rank' }
  return { seconds: substituteBound(sorted, confidence, lent), attained: n / (n + 1), method: 'substitute' }
}

function total (commanded: number | null, seconds: number): number {
  return Math.max(shortest, (commanded ?? 0) + seconds)
}

/** What a reader of the answer should know of its basis. */
export function warningsFor (
  { sorted, cut, from }: Pick<SampleBasis, 'sorted' | 'cut' | 'from'>, confidence: number, { method, hang, attained }: ChosenBound
): EstimateWarning[] {
  const samples = sorted.length
  const needed = samplesFor(confidence)
  const warnings: EstimateWarning[] = []
  if (samples < few) {
    warnings.push({ code: 'few-samples', detail: `Comparable steps known: ${samples}; from ten on the answer is reliable.` })
  }
  if (method === 'substitute' && samples < needed) {
    warnings.push({
      code: 'below-sample-size',
      detail: `A bound at ${confidence} needs ${needed} samples; this one assumes a log-normal law. The samples alone attain ${round(attained ?? 0)}.`
    })
  }
  if (hang !== undefined) {
    warnings.push({
      code: 'hang-left-out',
      detail: `One of the ${samples} took ${round(hang)} s, far beyond all others: it counts as a hang, and the answer rests on the rest.`
    })
  }
  if (cut) {
    warnings.push({
      code: 'device-changed',
      detail: `Such steps take clearly longer or shorter since ${new Date(from * 1000).toISOString()}; earlier ones are left out.`
    })
  }
  return warnings
}

function round (x: number): number {
  return Math.round(x * 1000) / 1000
}
