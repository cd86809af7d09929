import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { OperatorError } from '../domain/operator-error.ts'
import { databaseFault, databaseProblem } from './errors.ts'
import { ignoredByPoolers } from './session-settings.ts'

const pauseMs = 500

// SQLSTATE classes for a wrong user or password, and for a database that does not exist. Waiting does not help.
const permanentRefusal = /^(28|3D)/
/** How PgBouncer refuses a connection. */
const refusedParameter = /^unsupported startup parameter/

/**
 * Waits up to `limitMs` until the database accepts connections, because it may be starting at the same time. Throws an
 * OperatorError after that time, or immediately when the database refuses the connection. The message never contains the password.
 */
export async function waitForDatabase (url: string, pool: pg.Pool, { limitMs, log, signal }: {
  limitMs: number, log: { warn (fields: object, message: string): void }, signal: AbortSignal
}): Promise<void> {
  const { name, server, user } = describe(url)
  const until = Date.now() + limitMs
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      await pool.query('SELECT 1')
      return
    } catch (error) {
      const why = reasonOf(error)
      const sqlstate = databaseFault(error)?.sqlstate
      if (databaseProblem(error) === null || isPermanent(sqlstate, why)) {
        throw new OperatorError(refusal(sqlstate, why, { name, server, user }), { cause: error })
      }
      if (Date.now() + pauseMs > until) {
        throw new OperatorError(`The database at ${server} did not respond within ${limitMs / 1000} s (${why}). Start it, or correct DATABASE_URL.`, { cause: error })
      }
      if (attempt === 1) log.warn({ server, reason: why, limit_ms: limitMs }, 'database does not respond yet, retrying')
      await sleep(pauseMs)
    }
  }
}

/** A sentence that says why the database at this URL cannot be reached or used. Null for other errors. */
export function connectionProblem (url: string, error: unknown): string | null {
  const sqlstate = databaseFault(error)?.sqlstate
  if (databaseProblem(error)?.code !== 'database-unavailable') return null
  const { name, server, user } = describe(url)
  if (isPermanent(sqlstate, reasonOf(error))) return refusal(sqlstate, reasonOf(error), { name, server, user })
  return `The database at ${server} does not respond (${reasonOf(error)}). Start it, or correct DATABASE_URL.`
}

type Description = { name: string, server: string, user: string }

function describe (url: string): Description {
  try {
    const { host, port, database, user } = new pg.Client({ connectionString: url })
    return { name: database ?? '', server: host.startsWith('/') ? host : `${host}:${port}`, user: user ?? '' }
  } catch (error) {
    throw new OperatorError(`DATABASE_URL cannot be used (${reasonOf(error)}).`, { cause: error })
  }
}

function isPermanent (sqlstate: string | undefined, why: string): boolean {
  return refusedParameter.test(why) || (sqlstate !== undefined && permanentRefusal.test(sqlstate))
}

function refusal (sqlstate: string | undefined, why: string, { name, server, user }: Description): string {
  if (sqlstate === '3D000') return `The server at ${server} has no database "${name}". Create it, or correct DATABASE_URL.`
  if (sqlstate?.startsWith('28')) return `The database at ${server} refuses the user "${user}" (${why}). Correct user and password in DATABASE_URL.`
  if (refusedParameter.test(why)) {
    return `The connection pooler at ${server} refuses what the service asks for (${why}). Set in its configuration: ${ignoredByPoolers}. ` +
      'docs/guides/high-availability.md says which ALTER ROLE belongs to it.'
  }
  return `The database at ${server} cannot be used (${why}).`
}

/** The message of an error. For a host with several addresses it is an AggregateError with an empty message, so the first error counts. */
function reasonOf (error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] as unknown : error
  return first instanceof Error ? first.message : String(first)
}
