/** Something with a beginning and an end on a chart, in milliseconds. */
export type Span = { from: number, to: number }

/** Gives each span a row, so that none covers another. Returns the number of rows and the row of each. */
export function packed<T extends Span> (spans: readonly T[]): { rows: number, placed: { span: T, row: number }[] } {
  const ends: number[] = []
  const placed = [...spans].sort((a, b) => a.from - b.from).map((span) => {
    const free = ends.findIndex((end) => end <= span.from)
    const row = free === -1 ? ends.length : free
    ends[row] = Math.max(span.to, span.from + 1)
    return { span, row }
  })
  return { rows: Math.max(1, ends.length), placed }
}
