import { type AuditContext, withRetries } from './commands.ts'
import type { Database } from './database.ts'
import { databaseFault } from './errors.ts'
import { Prisma } from './generated/client.ts'
import { writeRevision } from './written-revision.ts'

export type Transaction = Prisma.TransactionClient

/**
 * Runs a command in a transaction under the lab lock, so commands run one after another. Each statement sees the results of
 * all earlier commands. `ahead` runs in the same transaction before it has the lock. Throws the problem that the database raised.
 */
export async function withLabLock<T> (
  { prisma }: Database, audit: AuditContext, run: (transaction: Transaction) => Promise<T>, ahead?: (transaction: Transaction) => Promise<void>
): Promise<T> {
  const attempt = async () => await prisma.$transaction(async (transaction) => {
    await ahead?.(transaction)
    await transaction.$executeRaw`SELECT lock_lab()`
    return await run(transaction)
  }).catch((error: unknown) => {
    // It is undone, whether it is tried again, fails, or was a dry run.
    writeRevision(audit, null)
    throw error
  })
  return await withRetries(async () => await attempt().catch(async (error: unknown) => {
    if (!isDeviceNameTaken(error)) throw error
    return await attempt()
  }))
}

// The functions of prisma/sql take the lab lock before they add a device. A row that was inserted without it, for example by
// hand with SQL, can still take the name at the same time. The second attempt sees its row.
function isDeviceNameTaken (error: unknown): boolean {
  return databaseFault(error)?.constraint === 'device_name_active'
}

/** The present revision of the lab. */
export async function currentRevision (transaction: Transaction): Promise<number> {
  const [lab] = await transaction.$queryRaw<{ revision: number }[]>`SELECT revision::float8 AS revision FROM lab`
  return lab!.revision
}

/** The revision of the running command. Call it once, and only if the command changes something, because revisions have no gaps. */
export async function nextRevision (transaction: Transaction, audit: AuditContext): Promise<number> {
  const [next] = await transaction.$queryRaw<{ revision: number }[]>`SELECT next_revision()::float8 AS revision`
  writeRevision(audit, next!.revision)
  return next!.revision
}
