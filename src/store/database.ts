import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Config } from '../config.ts'
import type { Log } from '../domain/log.ts'
import { PrismaClient } from './generated/client.ts'
import { withPoolErrorPolicy } from './pool-error-policy.ts'
import { joinAmbientTransaction } from './transaction.ts'

/** The connection pool of the process, and Prisma on the same pool. */
export type Database = {
  pool: pg.Pool
  prisma: PrismaClient
  /** Resolves when the database responds. Rejects after DATABASE_CONNECT_TIMEOUT_MS. */
  ping: () => Promise<void>
  close (): Promise<void>
}

/** Creates a bounded pool. It connects at the first query. */
export function openDatabase (url: string, config: Config, log: Pick<Log, 'warn'>): Database {
  const pool = withPoolErrorPolicy(joinAmbientTransaction(new pg.Pool({
    connectionString: url,
    max: config.databasePoolMax,
    connectionTimeoutMillis: config.databaseConnectTimeoutMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: config.statementTimeoutMs,
    // A server that has become unreachable cannot apply statement_timeout, so the client has a timeout, too.
    query_timeout: config.statementTimeoutMs + config.databaseConnectTimeoutMs,
    keepAlive: true,
    // A transaction whose client has vanished must not keep the lab lock.
    idle_in_transaction_session_timeout: config.statementTimeoutMs,
    application_name: 'platform-status',
    // Without table statistics PostgreSQL overestimates costs and JIT-compiles reads of the event log. Compiling takes seconds,
    // running such a read takes milliseconds.
    options: '-c TimeZone=UTC -c jit=off'
  })))
  let closing = false
  // The pool replaces a broken idle connection at the next query. Without a listener, its error would end the process.
  pool.on('error', ({ message, code }: Error & { code?: string }) => {
    if (!closing) log.warn({ code, reason: message }, 'idle database connection lost')
  })
  // When a connection breaks in a transaction, its statement fails. Without a listener, the error event would end the process.
  pool.on('connect', (client) => { client.on('error', () => {}) })
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { disposeExternalPool: false }),
    transactionOptions: { maxWait: config.databaseConnectTimeoutMs, timeout: config.statementTimeoutMs }
  })
  // A timeout of its own, for a connection that hangs: other queries may take as long as statement_timeout.
  const probe: pg.QueryConfig & { query_timeout: number } = { text: 'SELECT 1', query_timeout: config.databaseConnectTimeoutMs }
  return {
    pool,
    prisma,
    async ping () {
      await pool.query(probe)
    },
    async close () {
      closing = true
      await prisma.$disconnect()
      await pool.end()
    }
  }
}
