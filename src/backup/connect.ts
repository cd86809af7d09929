import type { Socket } from 'node:net'
import pg from 'pg'

// What a value looks like as text must not depend on the server's or the user's settings; and a table takes as long as it takes.
const settings = [
  'TimeZone = UTC', "DateStyle = 'ISO, MDY'", 'IntervalStyle = postgres', 'extra_float_digits = 1', 'bytea_output = hex',
  "client_encoding = 'UTF8'", 'statement_timeout = 0', 'idle_in_transaction_session_timeout = 0', "lock_timeout = '60s'"
]

/**
 * Does something in one transaction on a connection of its own, and commits it. What throws is rolled back; a connection in
 * the middle of a COPY cannot be told so and is cut, which is the same.
 */
export async function inBackupTransaction<T> (url: string, begin: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'platform-status backup', keepAlive: true })
  // what is under way fails with it
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
