import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Test } from 'tap'

/** The URL of a new, migrated, empty database, dropped after the test. */
export async function aDatabase (t: Test): Promise<string> {
  const url = await createDatabase()
  t.teardown(() => dropDatabase(url))
  return url
}

/** Creates a migrated, empty database, and returns its URL. A file copy of the template writes no WAL. */
export async function createDatabase (): Promise<string> {
  const server = serverOfTests()
  const template = process.env.TEST_DATABASE_TEMPLATE!
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await onServer(server, `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`)
  return onDatabase(server, name)
}

/**
 * Drops it. Throws if PostgreSQL found a deadlock in it: commands lock in one order (ADR 59), and all of a lab wait for the second until
 * PostgreSQL finds one. Connections report what they counted when they end, so they are ended first.
 */
export async function dropDatabase (url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1)
  const deadlocks = await deadlocksOf(name)
  await onServer(serverOfTests(), `DROP DATABASE ${name} WITH (FORCE)`)
  if (deadlocks > 0) throw new Error(`Deadlocks that PostgreSQL found: ${deadlocks}. A server (TEST_DATABASE_URL) with log_lock_waits = on logs the functions that wait for each other.`)
}

async function deadlocksOf (name: string): Promise<number> {
  const end = async (): Promise<number | null> => (await onServer(serverOfTests(), 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])).rowCount
  while (await end() !== 0) await sleep(2)
  const { rows: [counted] } = await onServer(serverOfTests(), 'SELECT deadlocks::integer FROM pg_stat_database WHERE datname = $1', [name])
  return (counted as { deadlocks: number } | undefined)?.deadlocks ?? 0
}

function serverOfTests (): string {
  const { TEST_DATABASE_URL: server, TEST_DATABASE_TEMPLATE: template } = process.env
  if (!server || !template) throw new Error('Tests need a PostgreSQL: run them with `npm test -- <file>`, which brings one.')
  return server
}

/** The same server's URL with another database. */
export function onDatabase (server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

// Shared, because connecting takes as long as creating a database. Idle connections do not keep the process alive.
let connections: pg.Pool | undefined

async function onServer (server: string, sql: string, values: readonly unknown[] = []): Promise<pg.QueryResult> {
  connections ??= new pg.Pool({ connectionString: server, max: 2, allowExitOnIdle: true })
  return await connections.query(sql, [...values])
}
