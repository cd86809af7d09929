import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../domain/log.ts'
import { findPackage, prepareBinaries, type PostgresPackage } from './binaries.ts'
import { checkVersion, createCluster, readPassword, databaseUser } from './cluster.ts'
import { chooseLocation, findLocation, holdsCluster, refuseStrangersOf, type ClusterLocation } from './data-directory.ts'
import { lockDirectory } from './lock.ts'
import { findRunning, launch, lookForRunning, shutDown, type Postmaster } from './postmaster.ts'
import { codeOf } from './run-command.ts'

/**
 * A running database: its address with the password in it, the directory it lies in, PostgreSQL's major version, and
 * whether it was already running, left behind by a process of ours that was killed.
 */
export type EmbeddedDatabase = {
  url: string
  directory: string
  version: number
  adopted: boolean
  /** Shuts the database down and lets others have the directory. May be called more than once. */
  stop(): Promise<void>
}

const DATABASE = 'platform_status'
const ADOPT_LIMIT_MS = 120_000
const TELL_AFTER_MS = 5_000

/**
 * Starts the zero-setup PostgreSQL: on 127.0.0.1, on a free port, its files under `dataDir` (created when missing).
 * `settings` are given to postgres as -c name=value; without any, PostgreSQL's own defaults, and its durability, hold.
 * It survives the death of this process, and the next start adopts it. Throws an Error that says what to do when the
 * directory is used by another process, belongs to something else, or cannot be used.
 */
export async function startEmbedded (options: {
  dataDir: string
  log: Pick<Log, 'info' | 'warn'>
  settings?: Record<string, string>
  /** Parents of the places for what root cannot keep in `dataDir`; for tests. */
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
  const postmaster = await launch({ place, binaries, settings, log })
  try {
    return { postmaster, url: await openDatabase(place, postmaster) }
  } catch (error) {
    await shutDown(postmaster, { place, found, log })
    throw error
  }
}

/** Takes over a server that a killed process left behind; undefined when none runs, also when one was just ending. */
async function adopt (place: ClusterLocation, major: number, log: Pick<Log, 'info' | 'warn'>): Promise<Running | undefined> {
  await checkVersion(place.directory, major)
  const began = Date.now()
  for (let told = false; Date.now() - began < ADOPT_LIMIT_MS; await sleep(100)) {
    if (!told && Date.now() - began > TELL_AFTER_MS) {
      told = true
      log.info({ directory: place.directory }, 'waiting for the database that a killed process left behind')
    }
    const postmaster = findRunning(place.directory)
    if (postmaster === undefined) return undefined
    if (postmaster === 'starting') continue
    try {
      return { postmaster, url: await openDatabase(place, postmaster) }
    } catch (error) {
      // It ended, or began to, since it was looked at.
      if (!isGoing(error)) throw error
    }
  }
  throw new Error(`A PostgreSQL server runs in ${place.directory} but takes no connections: stop it, then start again`)
}

/** A database that somebody runs: its address with the password in it, and the directory it lies in. */
export type FoundDatabase = { url: string, directory: string }

/**
 * Finds the embedded database of `dataDir` while a service has it, to be used beside that service; changes nothing.
 * `stopped` when it is there but does not run, `none` when it was never made.
 */
export async function findEmbedded (options: { dataDir: string, shared?: string[] }): Promise<FoundDatabase | 'stopped' | 'none'> {
  const directory = findLocation(options)
  if (directory === undefined) return 'none'
  await refuseStrangersOf(directory)
  for (const until = Date.now() + ADOPT_LIMIT_MS; ; await sleep(100)) {
    const found = lookForRunning(directory)
    if (found === undefined || found === 'stale') return 'stopped'
    if (found !== 'starting') return { url: addressOf(await readPassword(directory), found.port, DATABASE), directory }
    if (Date.now() > until) throw new Error(`A PostgreSQL server runs in ${directory} but takes no connections: look at its log there`)
  }
}

function isGoing (error: unknown): boolean {
  return ['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03'].includes(codeOf(error) ?? '') ||
    /connection terminated/i.test(String(error))
}

/** The address of our database, which is made if it is not there yet. */
async function openDatabase (place: ClusterLocation, { port }: Postmaster): Promise<string> {
  const password = await readPassword(place.directory)
  const exists = await withClient(addressOf(password, port, 'postgres'), async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE])
    return rowCount === 1
  })
  // Looked at on every start: the first one may have been killed between making the cluster and making this.
  if (!exists) await withClient(addressOf(password, port, 'postgres'), (client) => client.query(`create database ${DATABASE}`))
  return addressOf(password, port, DATABASE)
}

function addressOf (password: string, port: number, database: string): string {
  return `postgresql://${databaseUser}:${password}@127.0.0.1:${port}/${database}`
}

async function withClient<T> (connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  // ssl is said because PGSSLMODE in somebody's shell would otherwise ask this server for what it does not offer.
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
