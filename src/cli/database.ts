import type { Config } from '../config.ts'
import { findEmbedded, startEmbedded } from '../embedded/postgres.ts'
import { connectionProblem } from '../store/wait-for-database.ts'
import { refusedError, unreachableError } from './exit-codes.ts'

const quiet = { info: () => {}, warn: () => {} }

/**
 * Does something with the database that the configuration names: an external one, or the embedded one beside the service
 * that runs it, or, when none does, started for as long as this takes. `alone`: without a service, and made when missing.
 */
export async function withDatabase<T> (config: Config, { alone }: { alone: boolean }, work: (url: string) => Promise<T>): Promise<T> {
  if (config.databaseUrl !== null) return await reaching(config.databaseUrl, work)
  if (!alone) {
    const found = await findEmbedded({ dataDir: config.dataDir }).catch(sentence)
    if (found === 'none') throw refusedError(`There is no database in ${config.dataDir} yet: start the service once, or name another place in DATA_DIR or DATABASE_URL.`)
    if (found !== 'stopped') return await reaching(found.url, work)
  }
  const embedded = await startEmbedded({ dataDir: config.dataDir, log: quiet }).catch(sentence)
  try {
    return await reaching(embedded.url, work)
  } finally {
    await embedded.stop()
  }
}

async function reaching<T> (url: string, work: (url: string) => Promise<T>): Promise<T> {
  try {
    return await work(url)
  } catch (error) {
    const why = connectionProblem(url, error)
    throw why === null ? error : unreachableError(why)
  }
}

/** The embedded database tells its refusals in sentences. */
function sentence (error: unknown): never {
  throw refusedError((error as Error).message)
}
