import { withoutLeapSecond } from './values.ts'

// Times here are UTC texts with milliseconds, as `toUtc` writes them, so they can be compared as texts.

export const stepStatuses = ['running', 'paused', 'lost', 'completed', 'failed', 'aborted'] as const

export type StepStatusName = typeof stepStatuses[number]
export type StepTimes = { start: string, finish: string | null, status: StepStatusName }
export type StepFault = { member: 'start' | 'finish' | 'status', detail: string }
export type StepWarning = { code: string, detail: string, pointer: string }

/** Whether a step with this status has not ended, as far as is known. Of a lost step nobody says how it goes on. */
export function isUnderWay (status: StepStatusName): boolean {
  return status === 'running' || status === 'paused' || status === 'lost'
}

/** An instant (see isInstant) as UTC text, truncated to milliseconds. */
export function toUtc (instant: string): string {
  return new Date(withoutLeapSecond(instant).toUpperCase()).toISOString()
}

/** The status of a step that is logged without one: completed if it has a finish, otherwise running. */
export function defaultStatus (finish: string | null): StepStatusName {
  return finish === null ? 'running' : 'completed'
}

/** The contradiction between the times and status of a step; null if there is none. */
export function timesFault ({ start, finish, status }: StepTimes): StepFault | null {
  if (finish !== null && finish < start) return { member: 'finish', detail: `must not be before \`start\` (${start})` }
  if (finish !== null && status === 'running') return { member: 'status', detail: 'must not be running with a `finish`: omit the finish, or set how the step ended' }
  if (finish === null && status === 'completed') return { member: 'status', detail: 'must not be completed without a `finish`: set it, or omit the status while the step is running' }
  return null
}

/** Changes `running` with a finish to `completed`, with a warning. Some orchestrators log finished steps with their old status. */
export function completedIfFinished (times: StepTimes): StepTimes & { warnings: StepWarning[] } {
  if (times.status !== 'running' || times.finish === null) return { ...times, warnings: [] }
  return {
    ...times,
    status: 'completed',
    warnings: [{ code: 'running-with-finish', detail: 'A step with a finish is not running; it is stored as completed.', pointer: '/status' }]
  }
}
