// Temporary servers and databases. They are deleted when the work is done.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { startEmbedded } from '../../src/embedded/postgres.ts'
import { warningsOnly } from '../support/log.ts'
import { withClient } from './catalogue.ts'

/** Starts a PostgreSQL for `work`, unless `url` names one. */
export async function withServer<T> (url: string | undefined, work: (server: string) => Promise<T>): Promise<T> {
  if (url !== undefined) return await work(url)
  const dataDir = await mkdtemp(join(tmpdir(), 'platform-status-migration-'))
  const embedded = await startEmbedded({ dataDir, log: warningsOnly, settings: { fsync: 'off', autovacuum: 'off' } })
  try {
    return await work(embedded.url)
  } finally {
    await embedded.stop()
    for (const directory of new Set([dataDir, embedded.directory])) await rm(directory, { recursive: true, force: true })
  }
}

/** Creates a database on the server for `work`, which gets its URL and its name. It is a copy of the database `template`, or empty. A file copy writes no WAL. */
export async function withDatabase<T> (server: string, template: string | undefined, work: (url: string, name: string) => Promise<T>): Promise<T> {
  const name = `schema_${randomBytes(8).toString('hex')}`
  await withClient(server, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template ?? 'template0'} STRATEGY FILE_COPY`))
  try {
    const url = new URL(server)
    url.pathname = `/${name}`
    return await work(url.href, name)
  } finally {
    await withClient(server, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`))
  }
}

/** Runs `work` in a transaction of one connection, and commits it. */
export async function inTransaction<T> (url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return await withClient(url, async (client) => {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  })
}
