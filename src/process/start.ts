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

/** How long a stop waits for current requests before it closes their connections, and then for their queries. */
export const defaultShutdownTimeouts = { requestsMs: 10_000, queriesMs: 2_000 }

/** A service that accepts requests at the URL `address`. `stop` may be called more than once. */
export type RunningService = { address: string, stop: () => Promise<void> }

type StartOptions = { config: Config, log: Logger, signal: AbortSignal, shutdownTimeouts?: { requestsMs: number, queriesMs: number } }

/**
 * Starts the database, applies migrations, builds the app, and listens. When `signal` aborts, it closes what it has opened and
 * throws the reason of the signal. Only the start of the embedded database always runs to its end, so that no PostgreSQL
 * process is left behind. Throws an OperatorError for problems that the operator can fix.
 */
export async function start (options: StartOptions): Promise<RunningService> {
  const shutdown = openShutdown(options.log)
  try {
    const url = options.config.databaseUrl ?? await startEmbeddedDatabase(options, shutdown)
    const address = await unlessAborted(options.signal, () => startApp(url, options, shutdown))
    return { address, stop: () => shutdown.close() }
  } catch (error) {
    await shutdown.close()
    throw error
  }
}

async function startEmbeddedDatabase ({ config, log }: StartOptions, shutdown: Shutdown): Promise<string> {
  try {
    const embedded = await startEmbedded({ dataDir: config.dataDir, log })
    shutdown.add('embedded database', () => embedded.stop())
    return embedded.url
  } catch (error) {
    throw new OperatorError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

async function startApp (url: string, options: StartOptions, shutdown: Shutdown): Promise<string> {
  const { config, log, signal, shutdownTimeouts: { requestsMs, queriesMs } = defaultShutdownTimeouts } = options
  const database = openDatabase(url, config, log)
  shutdown.add('database connections', () => Promise.race([database.close(), sleep(queriesMs, undefined, { ref: false })]))
  await waitForDatabase(url, database.pool, { limitMs: 6 * config.databaseConnectTimeoutMs, log, signal })
  await migrateDatabase(database, log)
  signal.throwIfAborted()
  const app = await buildApp(config, { database, log })
  shutdown.add('requests', () => drain(app, requestsMs, log))
  await prepareKeys(config, app.store.keys, log)
  signal.throwIfAborted()
  const address = await listen(app, config)
  app.learner.start()
  app.watch.start()
  app.deliveries.start()
  const { items: devices } = await app.store.devices.list({ limit: 1 })
  if (devices.length === 0) logFirstRunHints(log, localUrl(address))
  // Logged at every LOG_LEVEL, because with PORT=0 there is no other way to find the port. It comes last, so that it stays on the screen.
  log.child({}, { level: 'info' }).info({ address, docs: `${localUrl(address)}/docs` }, 'ready')
  return address
}

async function migrateDatabase ({ pool }: Database, log: Logger): Promise<void> {
  try {
    const applied = await migrate(pool, migrationsDirectory)
    if (applied.length > 0) log.info({ migrations: applied }, 'applied database migrations')
  } catch (error) {
    const fault = databaseFault(error)
    if (fault === null && databaseProblem(error) === null) throw error
    const why = fault === null ? (error as Error).message : `${fault.message} (SQLSTATE ${fault.sqlstate})`
    throw new OperatorError(`The database migrations could not be applied: ${why}.`, { cause: error })
  }
}

async function unlessAborted<T> (signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const aborted = once(signal, 'abort').then(() => { throw signal.reason as Error })
  return await Promise.race([work(), aborted])
}
