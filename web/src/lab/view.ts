/** How a device is drawn: what the lab file says, as far as it is understood. */
export type View = {
  columns: number
  /** Whether the lab file says how many columns the device has. Otherwise they are as many as can be read. */
  isAsBuilt: boolean
  /** Whether slot 0 is at the bottom, as in most hotels. */
  isFromBottom: boolean
  /** The number that the device itself has on its first slot; null if it is ours. */
  countFrom: number | null
  /** The place among the devices. */
  order: number | null
}

const mostColumns = 24

/** The drawing of a device from `view` in the lab file, which is whatever people wrote. */
export function viewOf (view: unknown, positions: number): View {
  const { columns, from, count_from: countFrom, order } = (typeof view === 'object' && view !== null ? view : {}) as Record<string, unknown>
  const isAsBuilt = isCount(columns) && columns >= 1
  return {
    columns: isAsBuilt ? Math.min(columns, mostColumns) : columnsOf(positions), isAsBuilt, isFromBottom: from === 'bottom',
    countFrom: isCount(countFrom) && countFrom > 0 ? countFrom : null, order: typeof order === 'number' ? order : null
  }
}

function isCount (value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

/** Small devices read best as a list; of large ones only the pattern can be seen. */
function columnsOf (positions: number): number {
  if (positions <= 12) return 1
  if (positions <= 60) return 2
  return positions <= 1000 ? 10 : mostColumns
}
