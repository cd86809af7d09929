import { type MatchLevel, matchLevels, mixedLevels } from '../domain/match-levels.ts'
import { samplesSinceChangePoint } from './change-point.ts'
import type { History } from './history.sql.ts'

/**
 * The samples that an estimate uses, in seconds. `from` is the finish of the oldest one, in seconds since 1970. `cut` says
 * that samples from before a change point were dropped.
 */
export type SampleBasis = { level: MatchLevel, sorted: readonly number[], from: number, cut: boolean }

type Kind = keyof typeof matchLevels

/** Below this confidence, an estimate is about the middle of the samples, and not about the longest ones. */
export const upperFrom = 0.8
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
  return cached(bases, history, kind, (level) => mixedLevels.has(level) ? history.samples.length : samplesSinceChangePoint(history.samples), true)
}

/** The newest samples of a history, which tell the middle. */
export function middleBasisOf (history: History, kind: Kind): SampleBasis {
  return cached(middles, history, kind, () => Math.min(middleSize, history.samples.length), false)
}

function cached (known: WeakMap<History, SampleBasis>, history: History, kind: Kind, sizeAt: (level: MatchLevel) => number, cuts: boolean): SampleBasis {
  const basis = known.get(history)
  if (basis !== undefined) return basis
  const level = matchLevels[kind][history.level - 1]!
  const keep = sizeAt(level)
  const made = {
    level,
    sorted: history.samples.slice(0, keep).sort((a, b) => a - b),
    from: history.finishes[keep - 1]!,
    cut: cuts && keep < history.samples.length
  }
  known.set(history, made)
  return made
}
