import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Config } from '../config.ts'
import { PrismaClient } from './generated/client.ts'

/** The one pool, and Prisma on it. */
export type Database = {
  pool: pg.Pool
  prisma: PrismaClient
  close (): Promise<void>
}

type Log = { warn (fields: object, message: string): void }

/** Opens a bounded pool; nothing connects before the first query. */
export function openDatabase (url: string, config: Config, log: Log): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: config.databasePoolMax,
    connectionTimeoutMillis: config.databaseConnectTimeoutMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: config.statementTimeoutMs,
    // a transaction whose client vanished must not keep the lab's row
    idle_in_transaction_session_timeout: config.statementTimeoutMs,
    application_name: 'platform-status',
    options: '-c TimeZone=UTC'
  })
  // an idle connection that breaks is replaced at the next query; unheard, its error would end the process
  pool.on('error', (error) => log.warn({ err: error }, 'idle database connection lost'))
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { disposeExternalPool: false }),
    transactionOptions: { maxWait: config.databaseConnectTimeoutMs, timeout: config.statementTimeoutMs }
  })
  return {
    pool,
    prisma,
    async close () {
      await prisma.$disconnect()
      await pool.end()
    }
  }
}
