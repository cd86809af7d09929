// The PostgreSQL that the tests share, and in it the migrated database that each test clones.
import { randomBytes } from 'node:crypto'
import { accessSync, constants, rmSync, statfsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

// dist/ is loaded when it is asked for: on a fresh clone it is built after this module is loaded

/** A server of its own: `{ url, stop }`. */
export async function throwAwayServer () {
  const { startEmbedded } = await import('../../dist/embedded/postgres.js')
  const log = { info: () => {}, warn: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`) }
  const dataDir = await mkdtemp(join(placeInMemory() ?? tmpdir(), 'platform-status-test-'))
  // nothing of it outlives the run, so nothing of it need survive a crash
  const settings = {
    fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: '0', max_wal_size: '128MB',
    autovacuum: 'off', max_connections: '300'
  }
  const embedded = await startEmbedded({ dataDir, log, settings })
  await makeConnectingCheap(embedded.url)
  return {
    url: embedded.url,
    stop: async () => {
      await embedded.stop()
      for (const directory of new Set([dataDir, embedded.directory])) rmSync(directory, { recursive: true, force: true })
    }
  }
}

/** Tests connect thousands of times, and at 4096 rounds of hashing the password takes most of the time that a connection takes. */
async function makeConnectingCheap (url) {
  const { username, password } = new URL(url)
  await sql(url, `SET scram_iterations = 1; ALTER ROLE ${username} PASSWORD '${password}'`)
}

/** A file system in memory, where a clone takes a sixth of the time, if there is one with room: a container's may be too small. */
function placeInMemory () {
  const place = '/dev/shm'
  try {
    accessSync(place, constants.W_OK)
    const { bavail, bsize } = statfsSync(place)
    return bavail * bsize > 2e9 ? place : undefined
  } catch {
    return undefined
  }
}

/** Makes the migrated, empty database on the server; its name. */
export async function makeTemplate (url) {
  const { migrate } = await import('../../dist/store/migrate.js')
  const template = `template_${randomBytes(6).toString('hex')}`
  await sql(url, `CREATE DATABASE ${template}`)
  const ofTemplate = new URL(url)
  ofTemplate.pathname = `/${template}`
  const pool = new pg.Pool({ connectionString: ofTemplate.href })
  await migrate(pool, join(import.meta.dirname, '..', '..', 'prisma', 'migrations'))
  await pool.end()
  return template
}

export async function sql (url, text) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}
