import type { Config } from '../config.ts'
import { findEmbedded, startEmbedded } from '../embedded/postgres.ts'
import { connectionProblem } from '../store/wait-for-database.ts'
import { refusedError, unreachableError } from './exit-codes.ts'

/** Which database the commands on the database use, for their help. */
export const configuredDatabaseHelp = '\nUses the configured database: DATABASE_URL, or the embedded database in DATA_DIR.\n'

const quiet = { info: () => {}, warn: () => {} }

/**
 * Runs `work` with the URL of the configured database. The embedded database is used beside the service that runs it;
 * otherwise it is started for this work. With `alone`, no service may use it, and it is created if it does not exist. Throws a
 * CommandError if the database cannot be reached.
 */
export async function withDatabase<T> (config: Config, { alone }: { alone: boolean }, work: (url: string) => Promise<T>): Promise<T> {
  if (config.databaseUrl !== null) return await withConnectionErrors(config.databaseUrl, work)
  if (!alone) {
    const found = await findEmbedded({ dataDir: config.dataDir }).catch(throwRefused)
    if (found === 'none') throw refusedError(`There is no database in ${config.dataDir} yet: start the service once, or set DATA_DIR or DATABASE_URL.`)
    if (found !== 'stopped') return await withConnectionErrors(found.url, work)
  }
  const embedded = await startEmbedded({ dataDir: config.dataDir, log: quiet }).catch(throwRefused)
  try {
    return await withConnectionErrors(embedded.url, work)
  } finally {
    await embedded.stop()
  }
}

/** Runs `work` with the URL of a database. Throws a CommandError that says why it cannot be reached. */
export async function withConnectionErrors<T> (url: string, work: (url: string) => Promise<T>): Promise<T> {
  try {
    return await work(url)
  } catch (error) {
    const why = connectionProblem(url, error)
    throw why === null ? error : unreachableError(why)
  }
}

/** The errors of src/embedded are already sentences for the operator. */
function throwRefused (error: unknown): never {
  throw refusedError((error as Error).message)
}
