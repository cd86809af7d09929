// The PostgreSQL that is measured on: the one that comes along, as it comes, or a given one.
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../dist/embedded/postgres.js'

/** Settings that decide what a commit promises; they are told with every result. */
const durability = ['fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers']

/** Runs with a server's URL and what is worth knowing about it and this machine. A server of our own is thrown away after. */
export async function withDatabaseServer (given, run, settings = {}) {
  const server = given === undefined ? await ownServer(settings) : { url: given, stop: async () => {} }
  try {
    await run(server.url, { ...await about(server.url), cpus: cpus().length, cpu: cpus()[0]?.model, memory_gib: Math.round(totalmem() / 2 ** 30) })
  } finally {
    await server.stop()
  }
}

async function ownServer (settings) {
  const dataDir = await mkdtemp(join(tmpdir(), 'platform-status-bench-'))
  const log = { info: () => {}, warn: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`) }
  const embedded = await startEmbedded({ dataDir, log, settings })
  return {
    url: embedded.url,
    stop: async () => {
      await embedded.stop()
      for (const directory of new Set([dataDir, embedded.directory])) rmSync(directory, { recursive: true, force: true })
    }
  }
}

async function about (url) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows: [{ server_version }] } = await client.query('SHOW server_version')
  const { rows } = await client.query('SELECT name, setting FROM pg_settings WHERE name = ANY ($1)', [durability])
  await client.end()
  return { postgresql: server_version, settings: Object.fromEntries(rows.map(({ name, setting }) => [name, setting])) }
}
