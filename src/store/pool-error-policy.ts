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
  pool.query = (async (statement: pg.QueryConfig, values?: unknown[]) => {
    try {
      return await run(pool, statement, values)
    } catch (error) {
      // An error of the database comes from a socket. So it says where in the service the statement is.
      if (databaseFault(error) !== null) Error.captureStackTrace(error as Error)
      throw error
    }
  }) as typeof pool.query
  return pool
}

/** Runs a statement on a connection of the pool. With callbacks, because every statement passes here: the pool and the driver make six promises for it. */
async function run (pool: pg.Pool, statement: pg.QueryConfig, values: unknown[] | undefined): Promise<pg.QueryResult> {
  // Known here only: a callback runs in the context of whoever gave the connection back.
  const isAlone = !inAmbientTransaction()
  return await new Promise<pg.QueryResult>((resolve, reject) => {
    pool.connect((failed, client) => {
      if (client === undefined) return reject(failed ?? new Error('The pool has no connection.'))
      // The driver calls back a second time when a value could not be sent and the connection is closed for that.
      let isDone = false

      /** Gives the connection back, then answers, whatever happens. */
      function done (broken: Error | undefined, answer: () => void): void {
        if (isDone) return
        isDone = true
        try {
          client!.release(broken)
        } finally {
          answer()
        }
      }

      function query (text: pg.QueryConfig, answered: Answered): void {
        try {
          (client!.query as unknown as (text: pg.QueryConfig, values: unknown[] | undefined, answered: Answered) => void).call(client, text, values, answered)
        } catch (thrown) {
          const error = thrown instanceof Error ? thrown : new Error(String(thrown))
          done(error, () => reject(error))
        }
      }

      query(statement, (error, result) => {
        if (!error) return done(undefined, () => resolve(result))
        const fault = databaseFault(error)
        const broken = fault === null || !aboutTheRequest.test(fault.sqlstate) ? error : undefined
        if (isDone || !isStalePlan(error) || !isAlone) return done(broken, () => reject(error))
        // Without its name, the statement is prepared anew. The connection is closed afterwards, with its other statements.
        const { name: _, ...unnamed } = statement
        query(unnamed, (again, result) => done(broken, () => again ? reject(again) : resolve(result)))
      })
    })
  })
}
