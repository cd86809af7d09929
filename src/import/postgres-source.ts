import pg from 'pg'
import { OperatorError } from '../domain/operator-error.ts'
import type { OldDatabase, OldRow } from './old-database.ts'

/** Opens a PostgreSQL database with one read-only transaction, so that all reads see the same snapshot. Throws an OperatorError. */
export async function openPostgres (url: string): Promise<OldDatabase> {
  const name = nameOf(url)
  const client = clientOf({
    connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'platform-status import',
    options: '-c TimeZone=UTC -c DateStyle=ISO -c default_transaction_read_only=on'
  })
  // The current query fails with the same error.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  } catch (error) {
    await client.end().catch(() => {})
    throw new OperatorError(`${name} cannot be opened: ${(error as Error).message}.`, { cause: error })
  }
  const rows = async (sql: string): Promise<OldRow[]> => (await client.query<OldRow>(sql)).rows
  return {
    kind: 'postgresql',
    name,
    rows,
    columns: async (table) => {
      const { rows: found } = await client.query<{ name: string }>(
        'SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped', [table])
      return new Set(found.map(({ name }) => name))
    },
    async * pieces (sql, size) {
      await client.query(`DECLARE piece NO SCROLL CURSOR FOR ${sql}`)
      for (;;) {
        const piece = await rows(`FETCH ${size} FROM piece`)
        if (piece.length === 0) break
        yield piece
      }
      await client.query('CLOSE piece')
    },
    close: async () => { await client.end() }
  }
}

function clientOf (config: pg.ClientConfig): pg.Client {
  try {
    return new pg.Client(config)
  } catch {
    throw unreadableUrl()
  }
}

const unreadableUrl = () => new OperatorError('--from is not a valid URL: special characters in the user and the password must be percent-encoded.')

function nameOf (url: string): string {
  try {
    const { host, pathname } = new URL(url)
    return `postgresql://${host}${pathname}`
  } catch {
    throw unreadableUrl()
  }
}
