// Databases that are gone when the work is done.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withClient } from './catalogue.mjs'

/** Brings up a PostgreSQL for `work`, unless `url` names one. */
export async function withServer (url, work) {
  if (url !== undefined) return await work(url)
  const { startEmbedded } = await import('../../dist/src/embedded/postgres.js')
  const dataDir = await mkdtemp(join(tmpdir(), 'platform-status-migration-'))
  const log = { info: () => {}, warn: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`) }
  const embedded = await startEmbedded({ dataDir, log, settings: { fsync: 'off', autovacuum: 'off' } })
  try {
    return await work(embedded.url)
  } finally {
    await embedded.stop()
    for (const directory of new Set([dataDir, embedded.directory])) await rm(directory, { recursive: true, force: true })
  }
}

/** Makes a database on the server for `work`, which gets its URL: a copy of `template`, a name, or an empty one. */
export async function withDatabase (server, template, work) {
  const name = `schema_${randomBytes(8).toString('hex')}`
  await withClient(server, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template ?? 'template0'}`))
  try {
    const url = new URL(server)
    url.pathname = `/${name}`
    return await work(url.href, name)
  } finally {
    await withClient(server, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`))
  }
}

/** Does `work` in a transaction of one connection, which is committed at its end. */
export async function inTransaction (url, work) {
  return await withClient(url, async (client) => {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  })
}
