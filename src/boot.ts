import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { type App, buildApp } from './app.ts'
import type { Config } from './config.ts'
import { startEmbedded } from './embedded/postgres.ts'
import { tellNextSteps } from './next-steps.ts'
import { StartError } from './start-error.ts'
import { type Database, openDatabase } from './store/database.ts'
import { databaseFault } from './store/errors.ts'
import { migrate } from './store/migrate.ts'
import { waitForDatabase } from './store/reachable.ts'

const migrations = fileURLToPath(new URL('../prisma/migrations', import.meta.url))

/** How long a stop waits for requests under way before it cuts their connections, and then for their queries. */
const graceMs = { requests: 10_000, queries: 2_000 }

/** A service that takes requests at `address` until it is stopped. `stop` may be called more than once. */
export type Running = { address: string, stop (): Promise<void> }

type Options = { config: Config, log: Logger, signal: AbortSignal, grace?: typeof graceMs }

/**
 * Starts all of it: database, schema, app, listener. Once `signal` aborts it gives up, closes what it has opened and
 * throws the signal's reason; only the start of the embedded database is seen through, because nothing that it starts
 * may stay behind. Throws a StartError for what the reader can mend.
 */
export async function start (options: Options): Promise<Running> {
  const { config, signal, log } = options
  const opened = openThings(log)
  try {
    const url = config.databaseUrl ?? await startOwnDatabase(options, opened)
    const address = await unlessAborted(signal, () => serve(url, options, opened))
    return { address, stop: opened.close }
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function startOwnDatabase ({ config, log }: Options, opened: Opened): Promise<string> {
  try {
    const embedded = await startEmbedded({ dataDir: config.dataDir, log })
    opened.add('embedded database', embedded.stop)
    return embedded.url
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

async function serve (url: string, { config, log, signal, grace = graceMs }: Options, opened: Opened): Promise<string> {
  const database = openDatabase(url, config, log)
  opened.add('database connections', () => Promise.race([database.close(), sleep(grace.queries, undefined, { ref: false })]))
  await waitForDatabase(url, database.pool, { limitMs: 6 * config.databaseConnectTimeoutMs, log, signal })
  await bringUpToDate(database, log)
  signal.throwIfAborted()
  const app = await buildApp(config, { database, log })
  opened.add('requests', () => drain(app, grace.requests, log))
  signal.throwIfAborted()
  const address = await listen(app, config)
  // told at every LOG_LEVEL: with PORT=0 there is no other way to know
  log.child({}, { level: 'info' }).info({ address, docs: `${asReachedFromHere(address)}/docs` }, 'ready')
  if (await database.prisma.device.count({ where: { listed: true, retired_at: null } }) === 0) tellNextSteps(log, asReachedFromHere(address))
  return address
}

async function bringUpToDate ({ pool }: Database, log: Logger): Promise<void> {
  try {
    const applied = await migrate(pool, migrations)
    if (applied.length > 0) log.info({ migrations: applied }, 'database schema brought up to date')
  } catch (error) {
    const fault = databaseFault(error)
    if (fault === null) throw error
    throw new StartError(`The database could not be brought up to date: ${fault.message} (SQLSTATE ${fault.sqlstate}).`, { cause: error })
  }
}

async function listen (app: App, { host, port }: Config): Promise<string> {
  // Fastify would log a line for each address of the machine
  const { level } = app.log
  app.log.level = 'silent'
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw explained(error, host, port)
  } finally {
    app.log.level = level
  }
  return `http://${host.includes(':') ? `[${host}]` : host}:${(app.server.address() as AddressInfo).port}`
}

function explained (error: unknown, host: string, port: number): unknown {
  const sentences: Record<string, string> = {
    EADDRINUSE: `Port ${port} of ${host} is in use: stop what listens there, or set PORT to another one (0 takes any free one).`,
    EACCES: `This user may not listen on port ${port} of ${host}: set PORT to another one, 1024 or above.`,
    EADDRNOTAVAIL: `This machine has no address ${host}: set HOST to one that it has, such as 127.0.0.1 or 0.0.0.0.`,
    ENOTFOUND: `The name ${host} has no address: set HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0.`
  }
  const sentence = sentences[(error as NodeJS.ErrnoException).code ?? '']
  return sentence === undefined ? error : new StartError(sentence, { cause: error })
}

function asReachedFromHere (address: string): string {
  return address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

/** Takes no more requests, lets those under way finish, and cuts what is still there after `limitMs`. */
async function drain (app: App, limitMs: number, log: Logger): Promise<void> {
  // Node closes connections that are idle now, not those that become so with their answer
  const reaper = setInterval(() => app.server.closeIdleConnections(), 50)
  const limit = setTimeout(() => {
    log.warn({ limit_ms: limitMs }, 'requests still under way are cut')
    app.server.closeAllConnections()
  }, limitMs)
  try {
    await app.close()
  } finally {
    clearInterval(reaper)
    clearTimeout(limit)
  }
}

type Opened = { add (what: string, close: () => Promise<unknown>): void, close (): Promise<void> }

/** What was opened, to be closed the other way round; what fails to close does not keep the rest open. */
function openThings (log: Logger): Opened {
  const things: { what: string, close: () => Promise<unknown> }[] = []
  let closed: Promise<void> | undefined

  async function closeAll (): Promise<void> {
    for (const { what, close } of things.reverse()) {
      await close().catch((error: unknown) => log.error({ err: error, what }, 'not closed'))
    }
  }
  return {
    add: (what, close) => { things.push({ what, close }) },
    close: () => closed ??= closeAll()
  }
}

async function unlessAborted<T> (signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const aborted = once(signal, 'abort').then(() => { throw signal.reason as Error })
  return await Promise.race([work(), aborted])
}
