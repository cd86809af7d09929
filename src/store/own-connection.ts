import pg from 'pg'
import type { Database } from './database.ts'

/** A connection beside those of the requests, for work that nobody waits for. It connects when it is first used. */
export function ownConnection ({ pool }: Pick<Database, 'pool'>, name: string, statementTimeoutMs: number) {
  let client: pg.Client | undefined
  return {
    async open (): Promise<pg.Client> {
      if (client !== undefined) return client
      const fresh = client = new pg.Client({
        ...pool.options,
        application_name: `platform-status ${name}`,
        statement_timeout: statementTimeoutMs,
        query_timeout: statementTimeoutMs + pool.options.connectionTimeoutMillis!,
        idle_in_transaction_session_timeout: statementTimeoutMs
      })
      // A running query fails by itself. A broken idle connection is replaced when it is used next.
      fresh.on('error', () => {})
      fresh.on('end', () => { if (client === fresh) client = undefined })
      await fresh.connect()
      return fresh
    },

    /** Closes the connection, also during a statement. PostgreSQL then rolls the transaction back. */
    async close (): Promise<void> {
      const open = client
      client = undefined
      await open?.end().catch(() => {})
    }
  }
}
