import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { OperatorError } from '../domain/operator-error.ts'
import { findEmbedded, startEmbedded } from '../embedded/postgres.ts'
import { openDatabase } from '../store/database.ts'
import { type ImportStore, importStore } from '../store/imports.ts'
import { migrate } from '../store/migrate.ts'
import { waitForDatabase } from '../store/wait-for-database.ts'
import { migrationsDirectory } from '../store/migrations-directory.ts'

/** The target of an import. `store` is null if the database does not exist yet and a dry run must not create it. */
export type ImportTarget = { name: string, store: ImportStore | null, close (): Promise<void> }

type TargetDatabase = { url: string, name: string, close (): Promise<void> }

/** Opens the configured database for an import. Creates and migrates it, except for a dry run. Throws an OperatorError. */
export async function openImportTarget ({ config, log, dry_run, signal }: {
  config: Config, log: Logger, dry_run: boolean, signal: AbortSignal
}): Promise<ImportTarget> {
  const target = await openTargetDatabase(config, log, dry_run)
  if (target === null) return { name: `a new database under ${config.dataDir}`, store: null, close: async () => {} }
  const database = openDatabase(target.url, config, log)
  const close = async (): Promise<void> => {
    await database.close()
    await target.close()
  }
  try {
    await waitForDatabase(target.url, database.pool, { limitMs: 6 * config.databaseConnectTimeoutMs, log, signal })
    if (!dry_run) await migrate(database.pool, migrationsDirectory)
    const store = importStore(database)
    return { name: target.name, store: await store.isReady() ? store : null, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * The database of DATABASE_URL; otherwise the embedded one, which is started for the import if no service runs it. Returns null
 * if a dry run would have to create it.
 */
async function openTargetDatabase (config: Config, log: Logger, dry_run: boolean): Promise<TargetDatabase | null> {
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

/** The URL without user and password. */
function nameOf (url: string): string {
  const { host, pathname } = new URL(url.replace('@/', '@localhost/'))
  return `postgresql://${host}${pathname}`
}
