import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Config } from '../config.ts'
import type { Log } from '../domain/log.ts'
import { PrismaClient } from './generated/client.ts'
import { withPoolErrorPolicy } from './pool-error-policy.ts'
import { joinAmbientTransaction } from './transaction.ts'

/** The one pool, and Prisma on it. */
export type Database = {
  pool: pg.Pool
  prisma: PrismaClient
  /** Resolves when the database answers; rejects as soon as a request would give up waiting for a connection. */
  ping: () => Promise<void>
  close (): Promise<void>
}

/** Opens a bounded pool; nothing connects before the first query. */
export function openDatabase (url: string, config: Config, log: Pick<Log, 'warn'>): Database {
  const pool = withPoolErrorPolicy(joinAmbientTransaction(new pg.Pool({
    connectionString: url,
    max: config.databasePoolMax,
    connectionTimeoutMillis: config.databaseConnectTimeoutMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: config.statementTimeoutMs,
    // a server that cannot be heard any more does not even time out
    query_timeout: config.statementTimeoutMs + config.databaseConnectTimeoutMs,
    keepAlive: true,
    // a transaction whose client vanished must not keep the lab's row
    idle_in_transaction_session_timeout: config.statementTimeoutMs,
    application_name: 'platform-status',
    // compiling a read of the log takes seconds, running it milliseconds: costs are guessed high where there are no statistics yet
    options: '-c TimeZone=UTC -c jit=off'
  })))
  let closing = false
  // an idle connection that breaks is replaced at the next query; unheard, its error would end the process
  pool.on('error', ({ message, code }: Error & { code?: string }) => {
    if (!closing) log.warn({ code, reason: message }, 'idle database connection lost')
  })
  // one that breaks in a transaction tells so by the statement that fails; its error, unheard, would end the process as well
  pool.on('connect', (client) => { client.on('error', () => {}) })
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
    async close () {
      closing = true
      await prisma.$disconnect()
      await pool.end()
    }
  }
}
