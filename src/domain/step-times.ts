// Times here are UTC texts with milliseconds, as `utc` writes them, so that they compare as texts.

export type StepStatus = 'running' | 'completed' | 'failed' | 'aborted'
export type StepTimes = { start: string, finish: string | null, status: StepStatus }
export type StepFault = { member: 'start' | 'finish' | 'status', detail: string }
export type StepWarning = { code: string, detail: string, pointer: string }

/** An instant (see isInstant) as UTC text with milliseconds; what is finer is cut off. */
export function toUtc (instant: string): string {
  return new Date(instant.toUpperCase()).toISOString()
}

/** The status of a step whose log names none: completed with a finish, running without. */
export function defaultStatus (finish: string | null): StepStatus {
  return finish === null ? 'running' : 'completed'
}

/** What contradicts itself in a step's times and status; null when nothing does. */
export function timesFault ({ start, finish, status }: StepTimes): StepFault | null {
  if (finish !== null && finish < start) return { member: 'finish', detail: `must not be before \`start\` (${start})` }
  if (finish !== null && status === 'running') return { member: 'status', detail: 'must not be running with a `finish`: leave the finish out, or say how the step ended' }
  if (finish === null && status === 'completed') return { member: 'status', detail: 'must not be completed without a `finish`: give it, or leave the status out while the step runs' }
  return null
}

/** Orchestrators log a step when it is over while their own record still says running: then it is completed, with a warning. */
export function withEndStatus (times: StepTimes): StepTimes & { warnings: StepWarning[] } {
  if (times.status !== 'running' || times.finish === null) return { ...times, warnings: [] }
  return {
    ...times,
    status: 'completed',
    warnings: [{ code: 'running-with-finish', detail: 'A step with a finish does not run any more; it is stored as completed.', pointer: '/status' }]
  }
}

/** The times of a step that is ended now: clocks differ, so a finish before the start becomes the start, with a warning. */
export function withFinish (times: StepTimes & { finish: string }): StepTimes & { warnings: StepWarning[] } {
  if (times.finish >= times.start) return { ...times, warnings: [] }
  return {
    ...times,
    finish: times.start,
    warnings: [{ code: 'clock-skew', detail: `The finish ${times.finish} is before the start; it is stored as the start.`, pointer: '/finish' }]
  }
}
