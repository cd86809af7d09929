import type pg from 'pg'
import { databaseFault } from './errors.ts'

// SQLSTATE classes that speak of the request and not of the connection: refusals of ours, values, constraints, transactions
// that may be tried again.
const aboutTheRequest = /^(PS|P0|22|23|40)/

/**
 * Lets connections outlive refusals. By itself the pool closes a connection after any error; to open the next takes ten
 * times as long as to refuse, and it has to plan every statement anew. After any other error it is still closed: what it
 * heard may be half of an answer.
 */
export function withPoolErrorPolicy<P extends pg.Pool> (pool: P): P {
  pool.query = (async (statement: pg.QueryConfig, values?: unknown[]) => {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      return await client.query(statement, values)
    } catch (error) {
      const fault = databaseFault(error)
      if (fault === null || !aboutTheRequest.test(fault.sqlstate)) broken = error as Error
      throw error
    } finally {
      client.release(broken)
    }
  }) as typeof pool.query
  return pool
}
