import { randomUUID } from 'node:crypto'
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

export async function dropDatabase (url: string): Promise<void> {
  await onServer(serverOfTests(), `DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`)
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

async function onServer (server: string, sql: string): Promise<void> {
  connections ??= new pg.Pool({ connectionString: server, max: 2, allowExitOnIdle: true })
  await connections.query(sql)
}
