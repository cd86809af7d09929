import type pg from 'pg'
import { databaseFault, isStalePlan } from './errors.ts'
import { inAmbientTransaction } from './transaction.ts'

type Answered = (error: Error | null | undefined, result: pg.QueryResult) => void

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
  // With callbacks, because every statement passes here: the pool and the driver make six promises for it.
  pool.query = (async (statement: pg.QueryConfig, values?: unknown[]) => {
    const isAlone = !inAmbientTransaction()
    return await new Promise<pg.QueryResult>((resolve, reject) => {
      pool.connect((failed, client) => {
        if (client === undefined) return reject(failed ?? new Error('The pool gave no connection.'))

        // The types of the driver have no statement with a callback.
        const query = client.query.bind(client) as unknown as (statement: pg.QueryConfig, values: unknown[] | undefined, answered: Answered) => void
        query(statement, values, (error, result) => {
          if (!error) return release(undefined, () => resolve(result))
          const fault = databaseFault(error)
          const broken = fault === null || !aboutTheRequest.test(fault.sqlstate) ? error : undefined
          if (!isStalePlan(error) || !isAlone) return release(broken, () => reject(error))
          // Without its name, the statement is prepared anew. The connection is closed afterwards, with its other statements.
          const { name: _, ...unnamed } = statement
          query(unnamed, values, (again, result) => release(broken, () => again ? reject(again) : resolve(result)))
        })

        function release (broken: Error | undefined, then: () => void): void {
          client?.release(broken)
          then()
        }
      })
    })
  }) as typeof pool.query
  return pool
}
