import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Config } from '../config.ts'
import type { Log } from '../domain/log.ts'
import { obeyConnectWithin } from './connect-within.ts'
import { PrismaClient } from './generated/client.ts'
import { withPoolErrorPolicy } from './pool-error-policy.ts'
import { sessionSettings } from './session-settings.ts'
import { statementNames } from './statement-names.ts'
import { joinAmbientTransaction, onPool } from './transaction.ts'

/** The connection pools of the process, and Prisma on the first one. */
export type Database = {
  pool: pg.Pool
  prisma: PrismaClient
  /** Resolves when the database responds. Rejects after DATABASE_CONNECT_TIMEOUT_MS. */
  ping: () => Promise<void>
  /** Tries a write and takes it back. Fails as a write of a client would, for example on a full disk. */
  probeWrite: () => Promise<void>
  /** Runs reads that can take long. They have connections of their own, and their statements have less time. */
  largeReads<T> (run: () => Promise<T>): Promise<T>
  close (): Promise<void>
}

/** The number of connections for large reads, in addition to DATABASE_POOL_MAX. */
export const largeReadConnections = 2
const largeReadTimeoutMs = 10_000

/** Creates bounded pools. They connect at the first query. */
export function openDatabase (url: string, config: Config, log: Pick<Log, 'warn'>): Database {
  let closing = false
  const open = (max: number, statementTimeoutMs: number): pg.Pool => {
    const pool = withPoolErrorPolicy(joinAmbientTransaction(obeyConnectWithin(new pg.Pool({
      connectionString: url,
      max,
      connectionTimeoutMillis: config.databaseConnectTimeoutMs,
      idleTimeoutMillis: 30_000,
      ...sessionSettings(statementTimeoutMs),
      // A server that has become unreachable cannot apply statement_timeout, so the client has a timeout, too.
      query_timeout: statementTimeoutMs + config.databaseConnectTimeoutMs,
      keepAlive: true,
      application_name: 'platform-status'
    }))))
    // The pool replaces a broken idle connection at the next query. Without a listener, its error would end the process.
    pool.on('error', ({ message, code }: Error & { code?: string }) => {
      if (!closing) log.warn({ code, reason: message }, 'idle database connection lost')
    })
    // When a connection breaks in a transaction, its statement fails. Without a listener, the error event would end the process.
    pool.on('connect', (client) => { client.on('error', () => {}) })
    return pool
  }
  const pool = open(config.databasePoolMax, config.statementTimeoutMs)
  const largeReadPool = open(largeReadConnections, Math.min(largeReadTimeoutMs, config.statementTimeoutMs))
  const nameOf = statementNames()
  const prisma = new PrismaClient({
    // The adapter passes the name on to the driver, for which it is optional.
    adapter: new PrismaPg(pool, { disposeExternalPool: false, statementNameGenerator: ({ sql }) => nameOf(sql) as string }),
    transactionOptions: { maxWait: config.databaseConnectTimeoutMs, timeout: config.statementTimeoutMs }
  })
  // A timeout of its own, for a connection that hangs: other queries may take as long as statement_timeout.
  const probe: pg.QueryConfig & { query_timeout: number } = { text: 'SELECT 1', query_timeout: config.databaseConnectTimeoutMs }
  return {
    pool,
    prisma,
    async probeWrite () {
      await pool.query('SELECT probe_write()')
    },
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
