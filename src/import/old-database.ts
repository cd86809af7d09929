/** A row as the old database gives it; see the casts in old-tables.ts. */
export type OldRow = Readonly<Record<string, string | number | bigint | Uint8Array | null>>

/** The old system's database, opened to be read and nothing else. */
export type OldDatabase = {
  kind: 'sqlite' | 'postgresql'
  /** How it is called in reports; without a password. */
  name: string
  /** The columns of a table; none when there is no such table. */
  columns (table: string): Promise<ReadonlySet<string>>
  rows (sql: string): Promise<OldRow[]>
  /** The same, a piece at a time, for what does not fit into memory. */
  pieces (sql: string, size: number): AsyncIterable<OldRow[]>
  close (): Promise<void>
}
