import { StartError } from '../domain/operator-error.ts'

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

/** Opens the old system's database: a SQLite file by its path, or a PostgreSQL by its URL. Throws a StartError that says what to do. */
export async function openOldDatabase (from: string): Promise<OldDatabase> {
  if (/^postgres(ql)?:/.test(from)) return await (await import('./postgres-source.ts')).openPostgres(from)
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(from)) {
    throw new StartError(`--from takes a SQLite file or a URL as postgresql://user:password@host:port/name, not ${new URL(from).protocol}//`)
  }
  return await (await import('./sqlite-source.ts')).openSqlite(from)
}
