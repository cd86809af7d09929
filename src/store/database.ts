import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Config } from '../config.ts'
import type { Log } from '../domain/log.ts'
import { PrismaClient } from './generated/client.ts'
import { withPoolErrorPolicy } from './pool-error-policy.ts'
import { joinAmbientTransaction, onPool } from './transaction.ts'

/** The one pool, and Prisma on it. */
export type Database = {
  pool: pg.Pool
  prisma: PrismaClient
  /** Resolves when the database answers; rejects as soon as a request would give up waiting for a connection. */
  ping: () => Promise<void>
  /** Runs reads that may take long on connections of their own, where a statement has less time. */
  largeReads<T> (run: () => Promise<T>): Promise<T>
  close (): Promise<void>
}

/** Connections for large reads, beside those of DATABASE_POOL_MAX. */
const largeReadConnections = 2
const largeReadTimeoutMs = 10_000

/** Opens a bounded pool; nothing connects before the first query. */
export function openDatabase (url: string, config: Config, log: Pick<Log, 'warn'>): Database {
  const settings = (max: number, statementTimeoutMs: number): pg.PoolConfig => ({
    connectionString: url,
    max,
    connectionTimeoutMillis: config.databaseConnectTimeoutMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementTimeoutMs,
    // a server that cannot be heard any more does not even time out
    query_timeout: statementTimeoutMs + config.databaseConnectTimeoutMs,
    keepAlive: true,
    // a transaction whose client vanished must not keep the lab's row
    idle_in_transaction_session_timeout: statementTimeoutMs,
    application_name: 'platform-status',
    // compiling a read of the log takes seconds, running it milliseconds: costs are guessed high where there are no statistics yet
    options: '-c TimeZone=UTC -c jit=off'
  })
  const pool = withPoolErrorPolicy(joinAmbientTransaction(new pg.Pool(settings(config.databasePoolMax, config.statementTimeoutMs))))
  const largeReadPool = new pg.Pool(settings(largeReadConnections, Math.min(largeReadTimeoutMs, config.statementTimeoutMs)))
  let closing = false
  for (const one of [pool, largeReadPool]) {
    // an idle connection that breaks is replaced at the next query; unheard, its error would end the process
    one.on('error', ({ message, code }: Error & { code?: string }) => {
      if (!closing) log.warn({ code, reason: message }, 'idle database connection lost')
    })
    // one that breaks in a transaction tells so by the statement that fails; its error, unheard, would end the process as well
    one.on('connect', (client) => { client.on('error', () => {}) })
  }
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { disposeExternalPool: false }),
    transactionOptions: { maxWait: config.databaseConnectTimeoutMs, timeout: config.statementTimeoutMs }
  })
  // also over a connection that hangs, on which other queries may take as long as a statement may
  const probe: pg.QueryConfig & { query_timeout: number } = { text: 'SELECT 1', query_timeout: config.databaseConnectTimeoutMs }
  return {
    pool,
    prisma,
    async ping () {
      await pool.query(probe)
    },
    async largeReads (run) {
      return await onPool(largeReadPool, run)
    },
    async close () {
      closing = true
      await prisma.$disconnect()
      await Promise.all([pool.end(), largeReadPool.end()])
    }
  }
}
