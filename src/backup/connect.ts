import type { Socket } from 'node:net'
import pg from 'pg'

// The text form of values must not depend on settings of the server or user. Copying a table has no time limit.
const settings = [
  'TimeZone = UTC', "DateStyle = 'ISO, MDY'", 'IntervalStyle = postgres', 'extra_float_digits = 1', 'bytea_output = hex',
  "client_encoding = 'UTF8'", 'statement_timeout = 0', 'idle_in_transaction_session_timeout = 0', "lock_timeout = '60s'"
]

/**
 * Runs `work` in one transaction on a new connection, and commits. If it throws, the connection is closed at once, which rolls
 * back: during a COPY, no ROLLBACK can be sent.
 */
export async function inBackupTransaction<T> (url: string, begin: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'platform-status backup', keepAlive: true })
  // The current query fails with the same error.
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(begin)
    await client.query(settings.map((setting) => `SET LOCAL ${setting}`).join('; '))
    const result = await work(client)
    await client.query('COMMIT')
    await client.end()
    return result
  } catch (error) {
    ;(client as unknown as { connection: { stream: Socket } }).connection.stream.destroy()
    throw error
  }
}
