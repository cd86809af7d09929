import { createHash } from 'node:crypto'
import type pg from 'pg'
import { databaseProblem, isRetryable } from './errors.ts'
import { inAmbientTransaction } from './transaction.ts'

/** Who asked: goes into the log with every change. */
export type AuditContext = { actor: string | null, request_id: string, reason?: string }

const attempts = 4

/** Runs something again when the database asks for it (deadlock, serialization failure), a bounded number of times. */
export async function withRetries<T> (run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (!isRetryable(error)) throw databaseProblem(error) ?? error
      // the whole transaction around it is lost: whoever began that tries again
      if (inAmbientTransaction()) throw error
      if (attempt === attempts) throw databaseProblem(error) ?? error
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt))
    }
  }
}

/** The pool, or a connection in a transaction. */
export type Queryable = { query<Row extends pg.QueryResultRow> (query: pg.QueryConfig): Promise<pg.QueryResult<Row>> }

/**
 * Runs one statement as a prepared one, for commands and the hottest reads: one round trip, planned once
 * per connection. The text must be constant. Throws the problem that the database raised.
 */
export async function runPrepared<Row extends pg.QueryResultRow> (database: Queryable, text: string, values: readonly unknown[]): Promise<Row[]> {
  const result = await withRetries(() => database.query<Row>({ name: nameOf(text), text, values: [...values] }))
  return result.rows
}

const names = new Map<string, string>()

function nameOf (text: string): string {
  let name = names.get(text)
  if (name === undefined) names.set(text, name = createHash('sha1').update(text).digest('base64url'))
  return name
}
