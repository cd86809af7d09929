// The PostgreSQL that is measured on: the embedded one with its usual settings, or a given one.
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../../src/embedded/postgres.ts'
import { warningsOnly } from '../support/log.ts'

/** What is worth knowing about the server and this machine; it is stored with every result. */
export type About = { postgresql: string, settings: Record<string, string>, cpus: number, cpu: string | undefined, memory_gib: number }

/** Settings that decide what a commit promises. */
const durability = ['fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers']

/** Runs with the URL of a server. A server of our own is deleted afterwards. */
export async function withDatabaseServer (
  given: string | undefined, run: (server: string, about: About) => Promise<void>, settings: Record<string, string> = {}
): Promise<void> {
  const server = given === undefined ? await ownServer(settings) : { url: given, stop: async () => {} }
  try {
    await run(server.url, { ...await about(server.url), cpus: cpus().length, cpu: cpus()[0]?.model, memory_gib: Math.round(totalmem() / 2 ** 30) })
  } finally {
    await server.stop()
  }
}

async function ownServer (settings: Record<string, string>): Promise<{ url: string, stop (): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'platform-status-bench-'))
  const embedded = await startEmbedded({ dataDir, log: warningsOnly, settings })
  return {
    url: embedded.url,
    stop: async () => {
      await embedded.stop()
      for (const directory of new Set([dataDir, embedded.directory])) rmSync(directory, { recursive: true, force: true })
    }
  }
}

async function about (url: string): Promise<Pick<About, 'postgresql' | 'settings'>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows: [version] } = await client.query<{ server_version: string }>('SHOW server_version')
  const { rows } = await client.query<{ name: string, setting: string }>('SELECT name, setting FROM pg_settings WHERE name = ANY ($1)', [durability])
  await client.end()
  return { postgresql: version!.server_version, settings: Object.fromEntries(rows.map(({ name, setting }) => [name, setting])) }
}
