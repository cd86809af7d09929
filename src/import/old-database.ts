/** A row of the old database; see the casts in old-tables.ts. */
export type OldRow = Readonly<Record<string, string | number | bigint | Uint8Array | null>>

/** The database of the old system, opened read-only. */
export type OldDatabase = {
  kind: 'sqlite' | 'postgresql'
  /** Its name in reports, without a password. */
  name: string
  /** The columns of a table; empty if the table does not exist. */
  columns (table: string): Promise<ReadonlySet<string>>
  rows (sql: string): Promise<OldRow[]>
  /** Like `rows`, in pieces, for results that do not fit into memory. */
  pieces (sql: string, size: number): AsyncIterable<OldRow[]>
  close (): Promise<void>
}
