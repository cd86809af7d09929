import { withRetries } from './commands.ts'
import type { Database } from './database.ts'
import { databaseFault } from './errors.ts'
import { Prisma } from './generated/client.ts'

export type Transaction = Prisma.TransactionClient

/**
 * Runs a command that changes the world in a transaction of its own, under the lab's lock: every statement of it sees
 * what the commands before it left. Throws the problem that the database raised.
 */
export async function withLabLock<T> ({ prisma }: Database, run: (transaction: Transaction) => Promise<T>): Promise<T> {
  const attempt = async () => await prisma.$transaction(async (transaction) => {
    await transaction.$executeRaw`SELECT lock_lab()`
    return await run(transaction)
  })
  return await withRetries(async () => await attempt().catch(async (error: unknown) => {
    if (!isNamedMeanwhile(error)) throw error
    return await attempt()
  }))
}

// The log of steps adds the devices that it names without the lab's lock. Now that the row is there, it can be seen.
function isNamedMeanwhile (error: unknown): boolean {
  return databaseFault(error)?.constraint === 'device_name_active'
}

/** The revision of the lab as it is now. */
export async function currentRevision (transaction: Transaction): Promise<number> {
  const [lab] = await transaction.$queryRaw<{ revision: number }[]>`SELECT revision::float8 AS revision FROM lab`
  return lab!.revision
}

/** The revision of the command that runs: call it once, when it is sure that something changes. */
export async function nextRevision (transaction: Transaction): Promise<number> {
  const [next] = await transaction.$queryRaw<{ revision: number }[]>`SELECT next_revision()::float8 AS revision`
  return next!.revision
}
