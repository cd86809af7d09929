import { basisOf } from './sample-basis.ts'
import type { EstimateQuery } from './estimate-query.ts'
import type { History } from './history.sql.ts'
import { windowFor } from './model.ts'

/** With fewer comparable steps there is no alarm: nobody knows what is long. */
const enoughSteps = 9
/** Whatever confidence is asked for, alarms look at the same steps. */
export const alarmWindow = windowFor(0.95)

// A window is judged once, as for the estimates (see basisOf).
const windows = new WeakMap<History, History>()

/**
 * After how many active seconds a step is an alarm: 1.5 times the longest comparable step, and at least 30 s beyond it. Where a time is
 * commanded, this is said of what such steps take beyond it. Null when too few steps are comparable. docs/estimates.md counts what this rule
 * does in the real history.
 */
export function alarmAfterSeconds (history: History | null, { kind, commanded_seconds: commanded }: { kind: EstimateQuery['kind'], commanded_seconds: number | null }): number | null {
  if (history === null) return null
  const known = windows.get(history) ?? { ...history, samples: history.samples.slice(0, alarmWindow), finishes: history.finishes.slice(0, alarmWindow) }
  windows.set(history, known)
  const { sorted } = basisOf(known, kind)
  if (sorted.length < enoughSteps) return null
  const longest = sorted.at(-1)!
  return (commanded ?? 0) + Math.max(1.5 * longest, longest + 30)
}
