/** What steps can be grouped by. */
export const stepGroupings = ['device', 'fct', 'kind', 'status', 'experiment_id', 'process_id', 'day'] as const

export type StepGrouping = typeof stepGroupings[number]

/** Reads a comma-separated list of groupings, or says what is wrong with it. Nothing given: no grouping. */
export function readGroupings (text: string | undefined): { groupings: readonly StepGrouping[] } | { fault: string } {
  if (text === undefined) return { groupings: [] }
  const named = text.split(',')
  const unknown = named.find((name) => !(stepGroupings as readonly string[]).includes(name))
  if (unknown !== undefined) return { fault: `"${unknown}" is nothing to group by; there are ${stepGroupings.join(', ')}` }
  if (new Set(named).size < named.length) return { fault: 'must not name anything twice' }
  return { groupings: named as StepGrouping[] }
}
