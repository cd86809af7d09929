import { createHash } from 'node:crypto'
import type pg from 'pg'
import { databaseProblem, isLockTimeout, isRetryable, isStalePlan } from './errors.ts'
import { renameStatements } from './statement-names.ts'
import { inAmbientTransaction } from './transaction.ts'
import { writeRevision, written, type WrittenRevision } from './written-revision.ts'

/** Actor, request id and reason of a command. Events store them. In `written` the command says its revision, if somebody wants to know it. */
export type AuditContext = { actor: string | null, request_id: string, reason?: string, [written]?: WrittenRevision }

const maxAttempts = 4

/** How long a command is tried again while others have a lock that it needs. Between the attempts it holds nothing, so others can have the lab. */
const lockPatienceMs = 5000

/** Retries after a deadlock or serialization failure, up to 4 attempts in all, and after a lock that it could not get, for 5 s. Throws database errors as problems. */
export async function withRetries<T> (run: () => Promise<T>): Promise<T> {
  const begun = performance.now()
  let failures = 0
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (isStalePlan(error)) renameStatements()
      if (!isRetryable(error)) throw databaseProblem(error) ?? error
      // The failure has aborted the surrounding transaction, so only its owner can retry.
      if (inAmbientTransaction()) throw error
      const isLocked = isLockTimeout(error)
      if (isLocked ? performance.now() - begun > lockPatienceMs : ++failures === maxAttempts) throw databaseProblem(error) ?? error
      await new Promise((resolve) => setTimeout(resolve, Math.random() * (isLocked ? Math.min(100 * attempt, 500) : 20 * attempt)))
    }
  }
}

/** A pool, or a connection inside a transaction. */
export type Queryable = { query<Row extends pg.QueryResultRow> (query: pg.QueryConfig): Promise<pg.QueryResult<Row>> }

/**
 * Runs one prepared statement, for commands and the most frequent reads: one round trip, parsed once per connection. The
 * text must be constant. Throws the problem that the database function raised.
 */
export async function runPrepared<Row extends pg.QueryResultRow> (database: Queryable, text: string, values: readonly unknown[]): Promise<Row[]> {
  const result = await withRetries(() => database.query<Row>({ name: statementName(text), text, values: [...values] }))
  return result.rows
}

/**
 * The same for a command that returns rows. Also notes the revision of the lab behind it, in the same round trip, if `audit` wants to know it.
 * The subquery is read when the first row is there, so the command has run.
 */
export async function runLabCommand<Row extends pg.QueryResultRow> (
  database: Queryable, text: string, values: readonly unknown[], audit: AuditContext
): Promise<Row[]> {
  if (audit[written] === undefined) return await runPrepared<Row>(database, text, values)
  const rows = await runPrepared<Row & { lab_revision: number }>(database, `SELECT command.*, (SELECT lab_revision()::float8) AS lab_revision FROM (${text}) AS command`, values)
  writeRevision(audit, rows[0]?.lab_revision ?? null)
  return rows.map(({ lab_revision: _, ...row }) => row as unknown as Row)
}

const statementNames = new Map<string, string>()

function statementName (text: string): string {
  let name = statementNames.get(text)
  if (name === undefined) statementNames.set(text, name = createHash('sha1').update(text).digest('base64url'))
  return name
}
