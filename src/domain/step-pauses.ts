import type { StepWarning } from './step-times.ts'

// Times here are UTC texts with milliseconds, as `toUtc` writes them, so they can be compared as texts.

export type Span = { paused_at: string, resumed_at: string }
export type PauseFault = { member: string, detail: string }

/** Clocks differ by seconds, so this much is no contradiction. */
const tolerance = 5000

/** The first contradiction of pauses that were told with a step; null if there is none. */
export function pausesFault (pauses: readonly Span[], finish: string | null): PauseFault | null {
  if (pauses.length > 0 && finish === null) {
    return { member: 'pauses', detail: 'is only allowed with a `finish`: pause a step that runs with POST /api/steps/{id}/pause' }
  }
  for (const [index, { paused_at, resumed_at }] of pauses.entries()) {
    if (resumed_at < paused_at) return { member: `pauses/${index}/resumed_at`, detail: `must not be before \`paused_at\` (${paused_at})` }
    const last = pauses[index - 1]
    if (last !== undefined && paused_at < last.resumed_at) {
      return { member: `pauses/${index}/paused_at`, detail: `must not be before the end of the pause before it (${last.resumed_at}): send the pauses in their order, and overlapping ones as one` }
    }
  }
  return null
}

/** The pauses as far as they are between start and finish, with a warning if that is not all of them. They are not contradictory. */
export function clippedPauses (pauses: readonly Span[], start: string, finish: string | null): {
  pauses: Span[], paused_seconds: number | null, warnings: StepWarning[]
} {
  if (pauses.length === 0 || finish === null) return { pauses: [], paused_seconds: null, warnings: [] }
  const within = (time: string) => time < start ? start : time > finish ? finish : time
  const clipped = pauses.map(({ paused_at, resumed_at }) => ({ paused_at: within(paused_at), resumed_at: within(resumed_at) }))
  const isFarOutside = pauses.some(({ paused_at, resumed_at }) => milliseconds(paused_at, start) > tolerance || milliseconds(finish, resumed_at) > tolerance)
  return {
    pauses: clipped,
    paused_seconds: clipped.reduce((sum, { paused_at, resumed_at }) => sum + milliseconds(paused_at, resumed_at), 0) / 1000,
    warnings: isFarOutside
      ? [{ code: 'clock-skew', pointer: '/paused_seconds', detail: 'A pause was told that begins before the start or ends after the finish of the step. Only what is between them counts, and estimates leave the step out.' }]
      : []
  }
}

function milliseconds (from: string, to: string): number {
  return Date.parse(to) - Date.parse(from)
}
