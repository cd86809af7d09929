import { type MatchLevel, matchLevels, mixedLevels } from '../domain/match-levels.ts'
import { samplesSinceChangePoint } from './change-point.ts'
import type { History } from './history.sql.ts'

/**
 * The samples that an estimate uses, in seconds. `from` is the finish of the oldest one, in seconds since 1970. `cut` says
 * that samples from before a change point were dropped.
 */
export type SampleBasis = { level: MatchLevel, sorted: readonly number[], from: number, cut: boolean }

type Kind = keyof typeof matchLevels

/** From this confidence on, an estimate is about the longest samples. Below it, it is about the middle of them. */
export const upperConfidence = 0.8
/**
 * The middle is that of the newest 30 samples. It follows a change of the device by itself, after half of them. So they are not cut at a change
 * point: a cut leaves few samples, and the middle of few is unsteady (docs/estimates.md has the figures).
 */
const middleSize = 30

// Caches the basis, because the steps of a batch often share one history.
const bases = new WeakMap<History, SampleBasis>()
const middles = new WeakMap<History, SampleBasis>()

/**
 * The samples of a history since its last change point. Mixed levels are never cut: they pool different programs, so a
 * difference between older and newer samples may come from the mix and not from the device.
 */
export function basisOf (history: History, kind: Kind): SampleBasis {
  return remembered(bases, history, () => {
    const level = matchLevels[kind][history.level - 1]!
    const keep = mixedLevels.has(level) ? history.samples.length : samplesSinceChangePoint(history.samples)
    return { ...newest(history, keep), level, cut: keep < history.samples.length }
  })
}

/** The newest samples of a history, which tell the middle. */
export function middleBasisOf (history: History, kind: Kind): SampleBasis {
  return remembered(middles, history, () =>
    ({ ...newest(history, Math.min(middleSize, history.samples.length)), level: matchLevels[kind][history.level - 1]!, cut: false }))
}

function newest ({ samples, finishes }: History, count: number): Pick<SampleBasis, 'sorted' | 'from'> {
  return { sorted: samples.slice(0, count).sort((a, b) => a - b), from: finishes[count - 1]! }
}

function remembered (known: WeakMap<History, SampleBasis>, history: History, make: () => SampleBasis): SampleBasis {
  const basis = known.get(history) ?? make()
  known.set(history, basis)
  return basis
}
