/** The columns by which steps can be grouped. */
export const stepGroupings = ['device', 'fct', 'kind', 'status', 'experiment_id', 'process_id', 'day'] as const

export type StepGrouping = typeof stepGroupings[number]

/** Reads a comma-separated list of groupings, or returns why it is invalid. undefined means no grouping. */
export function readGroupings (text: string | undefined): { groupings: readonly StepGrouping[] } | { fault: string } {
  if (text === undefined) return { groupings: [] }
  const named = text.split(',')
  const unknown = named.find((name) => !(stepGroupings as readonly string[]).includes(name))
  if (unknown !== undefined) return { fault: `cannot group by "${unknown}"; use ${stepGroupings.join(', ')}` }
  if (new Set(named).size < named.length) return { fault: 'must not repeat a name' }
  return { groupings: named as StepGrouping[] }
}
