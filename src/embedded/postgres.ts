import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../domain/log.ts'
import { findPackage, prepareBinaries, type PostgresPackage } from './binaries.ts'
import { checkVersion, createCluster, readPassword, databaseUser } from './cluster.ts'
import { chooseLocation, findLocation, holdsCluster, checkOwners, type ClusterLocation } from './data-directory.ts'
import { lockDirectory } from './lock.ts'
import { findRunning, launch, lookForRunning, shutDown, type Postmaster } from './postmaster.ts'
import { codeOf } from './run-command.ts'

/**
 * A running embedded database. `url` contains the password; `version` is the major version of PostgreSQL. `adopted` says that
 * it was already running, because an earlier process of this service was killed.
 */
export type EmbeddedDatabase = {
  url: string
  directory: string
  version: number
  adopted: boolean
  /** Shuts down the database and unlocks its directory. May be called more than once. */
  stop(): Promise<void>
}

const databaseName = 'platform_status'
const adoptTimeoutMs = 120_000
const logWaitingAfterMs = 5_000
/** Pages that are logged whole, which are more than half of what a command writes, are compressed. PostgreSQL's own method, since this build has no other. */
const lighterLog = { wal_compression: 'pglz' }

/**
 * Starts the embedded PostgreSQL on a free port of 127.0.0.1, with its files in `dataDir` (created if missing). `settings` are
 * passed to postgres as -c name=value; without them, PostgreSQL's defaults apply, including full durability, except that it compresses the log. If this process is
 * killed, PostgreSQL keeps running, and the next start adopts it. Throws an Error that says what to do if another process uses
 * the directory, if it contains other files, or if it cannot be used.
 */
export async function startEmbedded (options: {
  dataDir: string
  log: Pick<Log, 'info' | 'warn'>
  settings?: Record<string, string>
  /** Parent directories used instead of `dataDir` by root; for tests. See chooseLocation. */
  shared?: string[]
}): Promise<EmbeddedDatabase> {
  const { log, settings = {} } = options
  const found = await findPackage()
  const place = await chooseLocation(options)
  const unlock = once(await lockDirectory(place.directory))
  try {
    const left = holdsCluster(place.directory) ? await adopt(place, found.major, log) : undefined
    const { postmaster, url } = left ?? await start(place, found, settings, log)
    const adopted = left !== undefined
    const { pid, port } = postmaster
    log.info({ directory: place.directory, pid, port, adopted }, 'embedded database is up')
    const stop = once(async () => {
      try {
        await shutDown(postmaster, { place, found, log })
      } finally {
        unlock()
      }
    })
    return { url, directory: place.directory, version: found.major, adopted, stop }
  } catch (error) {
    unlock()
    throw error
  }
}

type Running = { postmaster: Postmaster, url: string }

async function start (place: ClusterLocation, found: PostgresPackage, settings: Record<string, string>, log: Pick<Log, 'info' | 'warn'>): Promise<Running> {
  const { directory, owner } = place
  const binaries = await prepareBinaries({ found, directory, owner, log })
  if (!holdsCluster(directory)) await createCluster({ place, binaries, sync: settings['fsync'] !== 'off' })
  const postmaster = await launch({ place, binaries, settings: { ...lighterLog, ...settings }, log })
  try {
    return { postmaster, url: await openDatabase(place, postmaster) }
  } catch (error) {
    await shutDown(postmaster, { place, found, log })
    throw error
  }
}

/** Takes over the server of a killed process. Returns undefined if none is running, or if it is shutting down. */
async function adopt (place: ClusterLocation, major: number, log: Pick<Log, 'info' | 'warn'>): Promise<Running | undefined> {
  await checkVersion(place.directory, major)
  const began = Date.now()
  for (let logged = false; Date.now() - began < adoptTimeoutMs; await sleep(100)) {
    if (!logged && Date.now() - began > logWaitingAfterMs) {
      logged = true
      log.info({ directory: place.directory }, 'waiting for the database that a killed process left behind')
    }
    const postmaster = findRunning(place.directory)
    if (postmaster === undefined) return undefined
    if (postmaster === 'starting') continue
    try {
      return { postmaster, url: await openDatabase(place, postmaster) }
    } catch (error) {
      // The server has stopped or is stopping. Check again.
      if (!isShuttingDown(error)) throw error
    }
  }
  throw new Error(`A PostgreSQL server runs in ${place.directory} but accepts no connections: stop it, then start again`)
}

/** A database that another process runs. `url` contains the password. */
export type FoundDatabase = { url: string, directory: string }

/**
 * Finds the embedded database of `dataDir` that a service is running, to use it beside that service. Returns `stopped` if it is
 * not running, and `none` if it does not exist. Changes nothing.
 */
export async function findEmbedded (options: { dataDir: string, shared?: string[] }): Promise<FoundDatabase | 'stopped' | 'none'> {
  const directory = findLocation(options)
  if (directory === undefined) return 'none'
  await checkOwners(directory)
  for (const until = Date.now() + adoptTimeoutMs; ; await sleep(100)) {
    const found = lookForRunning(directory)
    if (found === undefined || found === 'stale') return 'stopped'
    if (found !== 'starting') return { url: addressOf(await readPassword(directory), found.port, databaseName), directory }
    if (Date.now() > until) throw new Error(`A PostgreSQL server runs in ${directory} but accepts no connections: see its log there`)
  }
}

function isShuttingDown (error: unknown): boolean {
  return ['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03'].includes(codeOf(error) ?? '') ||
    /connection terminated/i.test(String(error))
}

/** The URL of the database of this service, which is created if it does not exist. */
async function openDatabase (place: ClusterLocation, { port }: Postmaster): Promise<string> {
  const password = await readPassword(place.directory)
  const exists = await withClient(addressOf(password, port, 'postgres'), async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseName])
    return rowCount === 1
  })
  // Checked at every start, because the first start may have been killed after it created the cluster.
  if (!exists) await withClient(addressOf(password, port, 'postgres'), (client) => client.query(`create database ${databaseName}`))
  return addressOf(password, port, databaseName)
}

function addressOf (password: string, port: number, database: string): string {
  return `postgresql://${databaseUser}:${password}@127.0.0.1:${port}/${database}`
}

async function withClient<T> (connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  // Without `ssl: false`, PGSSLMODE in the environment could require TLS, which this server does not offer.
  const client = new pg.Client({ connectionString, ssl: false, connectionTimeoutMillis: 30_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function once<T> (work: () => T): () => T {
  let done: { result: T } | undefined
  return () => (done ??= { result: work() }).result
}
