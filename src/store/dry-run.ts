import type pg from 'pg'
import { inTransaction } from './transaction.ts'

/** Carries the result of a dry run out of its transaction, which is rolled back. */
class DryRun extends Error {
  readonly result: unknown
  constructor (result: unknown) {
    super('a dry run is undone')
    this.result = result
  }
}

/**
 * Runs a command and undoes it, if it is a dry run. So a dry run answers what the command would answer, and is refused as the
 * command would be: it is the same code.
 */
export async function unlessDryRun<T> (pool: pg.Pool, dryRun: boolean | undefined, run: () => Promise<T>): Promise<T> {
  if (dryRun !== true) return await run()
  try {
    return await inTransaction(pool, async () => { throw new DryRun(await run()) })
  } catch (error) {
    if (error instanceof DryRun) return error.result as T
    throw error
  }
}
