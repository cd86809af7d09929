// The PostgreSQL that the tests share, and the migrated database in it that each test copies.
import { randomBytes } from 'node:crypto'
import { accessSync, constants, readFileSync, rmSync, statfsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../../src/embedded/postgres.ts'
import { migrate } from '../../src/store/migrate.ts'
import { migrationsDirectory } from '../../src/store/migrations-directory.ts'
import { partitionHistory } from '../../src/store/partitions/partition-history.ts'
import { warningsOnly } from '../support/log.ts'
import { execute } from '../support/server-databases.ts'

export type Server = {
  url: string
  /** What its log says of the server itself, not of statements: a process that was killed, a connection that was lost. */
  unusual (): string[]
  stop (): Promise<void>
}

const ofTheServer = /(?:LOG|WARNING|FATAL|PANIC): .*(?:terminated by signal|exited with exit code|could not (fork|accept|send|receive|create|write|open)|[Oo]ut of memory|authentication timeout|startup packet|not accepting|reinitializ|in recovery|shutting down|slots are reserved|too many)/

/** Its data does not outlive the tests, so nothing need survive a crash. */
const settings = {
  fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: '0', max_wal_size: '128MB',
  autovacuum: 'off', max_connections: '300', log_line_prefix: '%m [%p] %d '
}

/** Starts a server whose data is deleted when it stops. */
export async function startThrowAwayServer (): Promise<Server> {
  const dataDir = await mkdtemp(join(folderInMemory() ?? tmpdir(), 'platform-status-test-'))
  const embedded = await startEmbedded({ dataDir, log: warningsOnly, settings })
  await makeConnectingCheap(embedded.url)
  return {
    url: embedded.url,
    unusual: () => readLines(join(embedded.directory, 'postgres.log')).filter((line) => ofTheServer.test(line)),
    stop: async () => {
      await embedded.stop()
      for (const directory of new Set([dataDir, embedded.directory])) rmSync(directory, { recursive: true, force: true })
    }
  }
}

function readLines (path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch (error) {
    return [`FATAL: could not read ${path}: ${String(error)}`]
  }
}

/** The tests connect thousands of times. With the default 4096 rounds of hashing, checking the password takes most of the time of a connection. */
async function makeConnectingCheap (url: string): Promise<void> {
  const { username, password } = new URL(url)
  await execute(url, `SET scram_iterations = 1; ALTER ROLE ${username} PASSWORD '${password}'`)
}

/** A file system in memory, where a database is copied six times as fast. Undefined if there is none with enough room, as in many containers. */
function folderInMemory (): string | undefined {
  const folder = '/dev/shm'
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize > 2e9 ? folder : undefined
  } catch {
    return undefined
  }
}

/** Creates the migrated, empty database that each test copies, on request with a history in partitions. Returns its name. */
export async function createTemplate (url: string, { partitioned }: { partitioned: boolean }): Promise<string> {
  const template = `template_${randomBytes(6).toString('hex')}`
  await execute(url, `CREATE DATABASE ${template}`)
  const templateUrl = new URL(url)
  templateUrl.pathname = `/${template}`
  const pool = new pg.Pool({ connectionString: templateUrl.href })
  await migrate(pool, migrationsDirectory)
  await pool.end()
  if (partitioned) await partitionHistory(templateUrl.href, {})
  return template
}

export async function dropTemplate (url: string, template: string): Promise<void> {
  await execute(url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`)
}
