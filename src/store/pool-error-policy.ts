import type pg from 'pg'
import { databaseFault, isStalePlan } from './errors.ts'
import { inAmbientTransaction } from './transaction.ts'

// SQLSTATE classes that concern the request and not the connection: our refusals, invalid values, constraints, retryable
// transaction failures, and a lock that it could not get.
const aboutTheRequest = /^(PS|P0|22|23|40)|^55P03$/

/**
 * Keeps a connection open after an error that concerns only the request. By default the pool closes a connection after any
 * error. Opening a new one takes ten times as long as a refusal, and it must prepare every statement again. After all other
 * errors the connection is closed, because it may have received only part of a result. A statement that was prepared before
 * a migration of a newer instance runs once more.
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
      if (!isStalePlan(error) || inAmbientTransaction()) throw error
      // Without its name, the statement is prepared anew. The connection is closed afterwards, with its other statements.
      return await client.query({ ...statement, name: undefined }, values)
    } finally {
      client.release(broken)
    }
  }) as typeof pool.query
  return pool
}
