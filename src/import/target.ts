import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { OperatorError } from '../domain/operator-error.ts'
import { findEmbedded, startEmbedded } from '../embedded/postgres.ts'
import { openDatabase } from '../store/database.ts'
import { type ImportStore, importStore } from '../store/imports.ts'
import { migrate } from '../store/migrate.ts'
import { waitForDatabase } from '../store/wait-for-database.ts'
import { migrationsDirectory } from '../store/migrations-directory.ts'

/** Where an import goes; `store` is null where nothing is yet, and a dry run must not make it. */
export type ImportTarget = { name: string, store: ImportStore | null, close (): Promise<void> }

type Reached = { url: string, name: string, close (): Promise<void> }

/** Opens the service's database for an import. What is missing is made, except for a dry run. Throws a OperatorError. */
export async function openImportTarget ({ config, log, dry_run, signal }: {
  config: Config, log: Logger, dry_run: boolean, signal: AbortSignal
}): Promise<ImportTarget> {
  const reached = await reach(config, log, dry_run)
  if (reached === null) return { name: `a new database under ${config.dataDir}`, store: null, close: async () => {} }
  const database = openDatabase(reached.url, config, log)
  const close = async (): Promise<void> => {
    await database.close()
    await reached.close()
  }
  try {
    await waitForDatabase(reached.url, database.pool, { limitMs: 6 * config.databaseConnectTimeoutMs, log, signal })
    if (!dry_run) await migrate(database.pool, migrationsDirectory)
    const store = importStore(database)
    return { name: reached.name, store: await store.isReady() ? store : null, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The database that DATABASE_URL names; else the embedded one: the running service's, or started for the import. Null where a dry run would have to make it. */
async function reach (config: Config, log: Logger, dry_run: boolean): Promise<Reached | null> {
  if (config.databaseUrl !== null) return { url: config.databaseUrl, name: nameOf(config.databaseUrl), close: async () => {} }
  try {
    const found = await findEmbedded(config)
    if (found === 'none' && dry_run) return null
    if (typeof found === 'object') return { url: found.url, name: found.directory, close: async () => {} }
    const embedded = await startEmbedded({ dataDir: config.dataDir, log })
    return { url: embedded.url, name: embedded.directory, close: () => embedded.stop() }
  } catch (error) {
    throw new OperatorError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** Without user and password. */
function nameOf (url: string): string {
  const { host, pathname } = new URL(url.replace('@/', '@localhost/'))
  return `postgresql://${host}${pathname}`
}
