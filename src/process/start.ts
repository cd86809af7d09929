import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { buildApp } from '../app.ts'
import type { Config } from '../config.ts'
import { OperatorError } from '../domain/operator-error.ts'
import { startEmbedded } from '../embedded/postgres.ts'
import { type Database, openDatabase } from '../store/database.ts'
import { databaseFault, databaseProblem } from '../store/errors.ts'
import { migrate } from '../store/migrate.ts'
import { migrationsDirectory } from '../store/migrations-directory.ts'
import { waitForDatabase } from '../store/wait-for-database.ts'
import { prepareKeys } from './bootstrap-key.ts'
import { logFirstRunHints } from './first-run-hints.ts'
import { localUrl, drain, listen } from './listen.ts'
import { type Shutdown, openShutdown } from './shutdown.ts'

/** How long a stop waits for the requests under way before it cuts them, and then for their queries. */
const shutdownTimeouts = { requestsMs: 10_000, queriesMs: 2_000 }

/** A service that takes requests at `address` until it is stopped. `stop` may be called more than once. */
export type Running = { address: string, stop: () => Promise<void> }

type StartOptions = { config: Config, log: Logger, signal: AbortSignal, patience?: { requestsMs: number, queriesMs: number } }

/**
 * Starts all of it: database, schema, app, listener. When `signal` aborts it gives up, closes what it has opened and
 * throws the signal's reason; only the start of the embedded database is seen through, because nothing that it starts
 * may stay behind. Throws a OperatorError for what the reader can mend.
 */
export async function start (options: StartOptions): Promise<Running> {
  const opened = openShutdown(options.log)
  try {
    const url = options.config.databaseUrl ?? await startEmbeddedDatabase(options, opened)
    const address = await unlessAborted(options.signal, () => startApp(url, options, opened))
    return { address, stop: () => opened.close() }
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function startEmbeddedDatabase ({ config, log }: StartOptions, opened: Shutdown): Promise<string> {
  try {
    const embedded = await startEmbedded({ dataDir: config.dataDir, log })
    opened.add('embedded database', () => embedded.stop())
    return embedded.url
  } catch (error) {
    throw new OperatorError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

async function startApp (url: string, options: StartOptions, opened: Shutdown): Promise<string> {
  const { config, log, signal, patience: { requestsMs, queriesMs } = shutdownTimeouts } = options
  const database = openDatabase(url, config, log)
  opened.add('database connections', () => Promise.race([database.close(), sleep(queriesMs, undefined, { ref: false })]))
  await waitForDatabase(url, database.pool, { limitMs: 6 * config.databaseConnectTimeoutMs, log, signal })
  await migrateDatabase(database, log)
  signal.throwIfAborted()
  const app = await buildApp(config, { database, log })
  opened.add('requests', () => drain(app, requestsMs, log))
  await prepareKeys(config, app.store.keys, log)
  signal.throwIfAborted()
  const address = await listen(app, config)
  app.learner.start()
  // told at every LOG_LEVEL: with PORT=0 there is no other way to know
  log.child({}, { level: 'info' }).info({ address, docs: `${localUrl(address)}/docs` }, 'ready')
  const { items: devices } = await app.store.devices.list({ limit: 1 })
  if (devices.length === 0) logFirstRunHints(log, localUrl(address))
  return address
}

async function migrateDatabase ({ pool }: Database, log: Logger): Promise<void> {
  try {
    const applied = await migrate(pool, migrationsDirectory)
    if (applied.length > 0) log.info({ migrations: applied }, 'database schema brought up to date')
  } catch (error) {
    const fault = databaseFault(error)
    if (fault === null && databaseProblem(error) === null) throw error
    const why = fault === null ? (error as Error).message : `${fault.message} (SQLSTATE ${fault.sqlstate})`
    throw new OperatorError(`The database could not be brought up to date: ${why}.`, { cause: error })
  }
}

async function unlessAborted<T> (signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const aborted = once(signal, 'abort').then(() => { throw signal.reason as Error })
  return await Promise.race([work(), aborted])
}
