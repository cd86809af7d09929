export const experimentStatuses = ['created', 'running', 'paused', 'lost', 'completed', 'aborted'] as const

export type ExperimentStatusName = typeof experimentStatuses[number]

const next: Readonly<Record<ExperimentStatusName, readonly ExperimentStatusName[]>> = {
  // The first step also sets it to running.
  created: ['running', 'aborted'],
  running: ['paused', 'completed', 'aborted', 'lost'],
  paused: ['running', 'completed', 'aborted', 'lost'],
  // Nobody said that it ended. Whoever finds it again says how it goes on, or how it ended.
  lost: ['running', 'completed', 'aborted'],
  completed: [],
  aborted: []
}

/** The statuses that can follow this one; none for a completed or aborted experiment. */
export function allowedAfter (status: ExperimentStatusName): readonly ExperimentStatusName[] {
  return next[status]
}
