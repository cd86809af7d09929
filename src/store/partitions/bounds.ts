/** A partition holds the rows whose key is at least `from` (null: any below `to`) and below `to`. */
export type Bound = { name: string, from: string | null, to: string }

/** A bound as the statements of partitions say it. */
export function rangeOf ({ from, to }: Pick<Bound, 'from' | 'to'>): string {
  return `FOR VALUES FROM (${from === null ? 'MINVALUE' : `'${from}'`}) TO ('${to}')`
}

/** So many revisions lie in one partition of the log of changes: a few GB. */
export const revisionsAPartition = 5_000_000

/** The smallest UUID of version 7 that is made in a year or later: its first 48 bits are milliseconds since 1970 (RFC 9562, 5.7). */
export function firstIdOf (year: number): string {
  const milliseconds = Date.UTC(year, 0, 1).toString(16).padStart(12, '0')
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-0000-0000-000000000000`
}

/** When a UUID of version 7 is made: its first 48 bits. */
export function timeOfId (id: string): Date {
  return new Date(parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
}

/** A partition a year. That of the year `first` also has all that is older. */
export function boundsByYear (table: string, first: number, last: number): Bound[] {
  return Array.from({ length: Math.max(0, last - first) + 1 }, (_, n) => ({
    name: n === 0 ? `${table}_until_${first}` : `${table}_${first + n}`,
    from: n === 0 ? null : firstIdOf(first + n), to: firstIdOf(first + n + 1)
  }))
}

/** Partitions of as many revisions each, from that with the revision `first` to that with the revision `last`. The first one also has all that is older. */
export function boundsByRevision (table: string, first: number, last: number): Bound[] {
  const [start, end] = [first, last].map((revision) => Math.floor(revision / revisionsAPartition)) as [number, number]
  return Array.from({ length: end - start + 1 }, (_, n) => {
    const from = (start + n) * revisionsAPartition
    const to = from + revisionsAPartition
    return n === 0 ? { name: `${table}_before_${to}`, from: null, to: String(to) } : { name: `${table}_from_${from}`, from: String(from), to: String(to) }
  })
}
