// Times here are UTC texts with milliseconds, as `toUtc` writes them, so they can be compared as texts.

export type Span = { paused_at: string, resumed_at: string }
export type PauseFault = { member: string, detail: string }

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
