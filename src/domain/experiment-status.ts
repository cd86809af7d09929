export const experimentStatuses = ['created', 'running', 'paused', 'completed', 'aborted'] as const

export type ExperimentStatusName = typeof experimentStatuses[number]

const next: Readonly<Record<ExperimentStatusName, readonly ExperimentStatusName[]>> = {
  // The first step also sets it to running.
  created: ['running', 'aborted'],
  running: ['paused', 'completed', 'aborted'],
  paused: ['running', 'completed', 'aborted'],
  completed: [],
  aborted: []
}

/** The statuses that can follow this one; none for a completed or aborted experiment. */
export function allowedAfter (status: ExperimentStatusName): readonly ExperimentStatusName[] {
  return next[status]
}
