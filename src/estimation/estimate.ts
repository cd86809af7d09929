import type { History } from './history.sql.ts'
import { type Level, levels } from './levels.ts'
import { mean, median, rankBound, samplesFor, shortest, substituteBound } from './model.ts'

export const statistics = ['upper_bound', 'max', 'mean', 'median'] as const
export type Statistic = (typeof statistics)[number]

export const methods = ['rank', 'substitute', 'commanded', 'overhead', 'max', 'mean', 'median', 'none'] as const
export type Method = (typeof methods)[number]

export type EstimateWarning = { code: string, detail: string }

/** An answer that explains itself; durations in seconds. */
export type Estimate = {
  duration_seconds: number | null
  confidence: number
  confidence_attained: number | null
  method: Method
  level: Level | null
  sample_size: number
  window_from: string | null
  median_seconds: number | null
  margin_seconds: number
  warnings: EstimateWarning[]
}

const few = 10

/** The estimate of one step from its history; `commanded` is the time that it is told to take, to which the history's overhead is added. */
export function estimate (
  history: History | null, { kind, commanded, confidence, statistic }:
  { kind: 'operation' | 'move', commanded: number | null, confidence: number, statistic: Statistic }
): Estimate {
  if (history === null) return withoutHistory(commanded, confidence)
  const sorted = [...history.samples].sort((a, b) => a - b)
  const { seconds, attained, method } = chosen(sorted, history, confidence, statistic)
  return {
    duration_seconds: total(commanded, seconds),
    confidence,
    confidence_attained: attained,
    method: commanded !== null && method === 'rank' ? 'overhead' : method,
    level: levels[kind][history.level - 1]!,
    sample_size: sorted.length,
    window_from: history.window_from,
    median_seconds: total(commanded, median(sorted)),
    margin_seconds: 0,
    warnings: warningsFor(sorted.length, confidence, method)
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

type Chosen = { seconds: number, attained: number | null, method: Method }

function chosen (sorted: readonly number[], history: History, confidence: number, statistic: Statistic): Chosen {
  switch (statistic) {
    case 'max': return { seconds: sorted.at(-1)!, attained: sorted.length / (sorted.length + 1), method: 'max' }
    case 'mean': return { seconds: mean(sorted), attained: null, method: 'mean' }
    case 'median': return { seconds: median(sorted), attained: null, method: 'median' }
    case 'upper_bound': {
      const ranked = rankBound(sorted, confidence)
      if (ranked !== null) return { ...ranked, method: 'rank' }
      const lent = history.spread_squares === null || history.spread_degrees === null
        ? null
        : { sumOfSquares: history.spread_squares, degrees: history.spread_degrees }
      return { seconds: substituteBound(sorted, confidence, lent), attained: sorted.length / (sorted.length + 1), method: 'substitute' }
    }
  }
}

function total (commanded: number | null, seconds: number): number {
  return Math.max(shortest, (commanded ?? 0) + seconds)
}

function warningsFor (samples: number, confidence: number, method: Method): EstimateWarning[] {
  const warnings: EstimateWarning[] = []
  if (samples < few) {
    warnings.push({ code: 'few-samples', detail: `Comparable steps known: ${samples}; from ten on the answer is reliable.` })
  }
  if (method === 'substitute') {
    warnings.push({
      code: 'below-sample-size',
      detail: `A bound at ${confidence} needs ${samplesFor(confidence)} samples; this one assumes a log-normal law. The largest sample alone attains ${round(samples / (samples + 1))}.`
    })
  }
  return warnings
}

function round (x: number): number {
  return Math.round(x * 1000) / 1000
}
