import pg from 'pg'
import type { Test } from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from './service.ts'

/** What PostgreSQL counts: calls of functions, and rows read by scans. */
export type Work = { calls: number, rows: number }

/** What the database does for this. The connections are closed before and after, because a connection reports its counts when it ends. */
export async function workOf (service: Service, run: () => Promise<{ status: number, text: string }>, t: Test): Promise<Work> {
  const client = new pg.Client(service.url)
  await client.connect()
  const closeOthers = async (): Promise<void> => {
    const others = 'FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'
    await client.query(`SELECT pg_terminate_backend(pid) ${others}`)
    while ((await client.query(`SELECT 1 ${others}`)).rowCount! > 0) await sleep(5)
    await client.query('SELECT pg_stat_clear_snapshot()')
  }
  const counted = async (): Promise<Work> => {
    await closeOthers()
    const { rows: [row] } = await client.query<Work>(`
      SELECT (SELECT coalesce(sum(calls), 0)::float8 FROM pg_stat_user_functions) AS calls,
        (SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::float8 FROM pg_stat_user_tables) AS rows`)
    return row!
  }
  try {
    await client.query(`ALTER DATABASE ${new URL(service.url).pathname.slice(1)} SET track_functions = 'all'`)
    const before = await counted()
    const { status, text } = await run()
    t.ok(status < 300, text)
    const after = await counted()
    return { calls: after.calls - before.calls, rows: after.rows - before.rows }
  } finally {
    await client.end()
  }
}
