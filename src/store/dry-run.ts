import { withRetries } from './commands.ts'
import type { Database } from './database.ts'
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
 * Runs `run` in a transaction and rolls it back. So a dry run returns what the command would return, and is refused as the
 * command would be: it is the same code.
 */
export async function runUndone<T> ({ pool }: Database, run: () => Promise<T>): Promise<T> {
  return await withRetries(async () => {
    try {
      return await inTransaction(pool, async () => {
        const result = await run()
        // Some constraints are checked at the commit, which does not come.
        await pool.query('SET CONSTRAINTS ALL IMMEDIATE')
        throw new DryRun(result)
      })
    } catch (error) {
      if (error instanceof DryRun) return error.result as T
      throw error
    }
  })
}
