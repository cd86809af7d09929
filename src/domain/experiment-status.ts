export const experimentStatuses = ['created', 'running', 'completed', 'aborted'] as const

export type ExperimentStatus = typeof experimentStatuses[number]

const next: Readonly<Record<ExperimentStatus, readonly ExperimentStatus[]>> = {
  // to running also by its first step
  created: ['running', 'aborted'],
  running: ['completed', 'aborted'],
  completed: [],
  aborted: []
}

/** The statuses that an experiment can have next; none once it is over. */
export function allowedAfter (status: ExperimentStatus): readonly ExperimentStatus[] {
  return next[status]
}
