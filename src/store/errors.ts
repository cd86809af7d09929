import { problem, Problem, type ProblemCode, problemCatalogue } from '../contract/problems.ts'
import { refusalDetail } from './refusals.ts'

/** An error of PostgreSQL, from `pg` or from Prisma. */
export type DatabaseFault = { sqlstate: string, message: string, detail: string | undefined, constraint: string | undefined }

// SQLSTATE classes and codes of temporary failures: connections (also refused ones, because a password may be changing or a
// database being restored), resources, shutdown, a failing disk, timeouts, a transaction that was aborted or whose end nobody knows, and a
// standby that has not been promoted yet.
const unavailable = /^(08|28|3D|53|57P|58|72)|^(25006|25P02|25P03|25P04|40000|40003|55P03|57014)$/
const diskFull = '53100'
// A value of more than 1 GB, or JSON of more than 256 MiB: the request touches too much of what is stored.
const tooLargeForDatabase = '54000'
// "prepared statement already exists" and "does not exist": a pooler gave the statement to another connection than the one that prepared it.
const pooledStatements: ReadonlySet<string> = new Set(['42P05', '26000'])
const lostConnection = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/
const lostConnectionText = /^timeout expired$|timeout exceeded when trying to connect|Connection terminated|Query read timeout|is not queryable|Received unexpected \w+ message from backend|Cannot use a pool after calling end/
const prismaUnavailable = /^(P1001|P1002|P1008|P1017|P2024|P2028)$/
const adapterUnavailable = /^(DatabaseNotReachable|ConnectionClosed|SocketTimeout|TlsConnectionError)$/

// The ids of steps, also in a partition: each has an index of its own.
const stepIds = /^step_(?!container_)(\w+_)?pkey$/

type Cause = {
  kind?: string, originalCode?: string, code?: string, originalMessage?: string, message?: string, detail?: string
  constraint?: { index?: string } | string
}

/**
 * Whether a prepared statement has another result since a migration, for example because a column has another type. The
 * statement did nothing. It succeeds when it is prepared anew.
 */
export function isStalePlan (error: unknown): boolean {
  const fault = databaseFault(error)
  return fault?.sqlstate === '0A000' && fault.message === 'cached plan must not change result type'
}

/**
 * Whether a retry of the transaction can succeed: after a deadlock, a serialization failure, a lock that it could not get, a migration of a newer instance,
 * or a step that another transaction logged at the same moment, which is known by then.
 */
export function isRetryable (error: unknown): boolean {
  const fault = databaseFault(error)
  return isStalePlan(error) || isLockTimeout(error) || (fault?.sqlstate === '23505' && stepIds.test(fault.constraint ?? '')) || fault?.sqlstate === '40001' || fault?.sqlstate === '40P01' || (error as { code?: string } | null)?.code === 'P2034'
}

/** Whether the transaction gave up waiting for a lock (begin_short_waits.sql). The holder may wait for one of this transaction. */
export function isLockTimeout (error: unknown): boolean {
  return databaseFault(error)?.sqlstate === '55P03'
}

/** SQLSTATE, message, detail and constraint of an error of `pg` or of Prisma's driver adapter. Null for other errors. */
export function databaseFault (error: unknown): DatabaseFault | null {
  const direct = error as { code?: unknown, severity?: unknown, message?: string, detail?: string, constraint?: string } | null
  if (typeof direct?.code === 'string' && /^[0-9A-Z]{5}$/.test(direct.code) && typeof direct.severity === 'string') {
    return { sqlstate: direct.code, message: direct.message ?? '', detail: direct.detail, constraint: direct.constraint }
  }
  const cause = adapterCause(error)
  const sqlstate = cause?.originalCode ?? cause?.code
  if (cause === undefined || sqlstate === undefined) return null
  const constraint = typeof cause.constraint === 'string' ? cause.constraint : cause.constraint?.index
  return { sqlstate, message: cause.originalMessage ?? cause.message ?? '', detail: cause.detail, constraint }
}

function adapterCause (error: unknown): Cause | undefined {
  const { name, cause, meta } = (error ?? {}) as { name?: string, cause?: Cause, meta?: { driverAdapterError?: { cause?: Cause } } }
  // What a COMMIT fails with is thrown as it is.
  return meta?.driverAdapterError?.cause ?? (name === 'DriverAdapterError' ? cause : undefined)
}

/** Whether the database cancelled the statement because it took too long. Also of the problem that the error became. */
export function isStatementTimeout (error: unknown): boolean {
  return databaseFault(error instanceof Problem ? error.cause : error)?.sqlstate === '57014'
}

/** The problem for a database error. Null if neither the client nor the connection caused it. */
export function databaseProblem (error: unknown): Problem | null {
  // The detail of a problem can contain any text, also one that looks like a lost connection.
  if (error instanceof Problem) return null
  // All retries have failed.
  if (isRetryable(error)) return databaseUnavailable(error)
  const fault = databaseFault(error)
  if (fault !== null) {
    if (fault.sqlstate === 'PS409') return refusal(fault)
    if (fault.sqlstate === tooLargeForDatabase) return problem('body-too-large', 'What the request changes has more data than the database can record in one event. Send it in several requests.')
    if (unavailable.test(fault.sqlstate) || pooledStatements.has(fault.sqlstate)) return databaseUnavailable(error)
    if (fault.constraint !== undefined && fault.sqlstate.startsWith('23')) return constraintProblem(fault.constraint)
    return null
  }
  return isLostConnection(error) ? databaseUnavailable(error) : null
}

function isLostConnection (error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: string, message?: string }
  return lostConnection.test(code) || prismaUnavailable.test(code) || lostConnectionText.test(message) ||
    adapterUnavailable.test(adapterCause(error)?.kind ?? '')
}

function databaseUnavailable (cause: unknown): Problem {
  const sqlstate = databaseFault(cause)?.sqlstate ?? ''
  const detail = sqlstate === diskFull
    ? 'The disk of the database is full. Nothing was changed. Writes work again when there is free space.'
    : pooledStatements.has(sqlstate)
      ? 'A connection pooler before the database gives each statement another connection. Nothing was changed. Set its pool_mode to session, or connect directly.'
      : isRetryable(cause)
        ? 'Others are changing the same things. Nothing was changed. Retry the request.'
        : 'The database did not respond. It is not known whether anything was changed. Retry the request.'
  return Object.assign(problem('database-unavailable', detail), { cause })
}

/** A refusal by a database function. The message is the problem code, the detail has the members as JSON. */
function refusal (fault: DatabaseFault): Problem | null {
  if (!(fault.message in problemCatalogue)) return null
  const code = fault.message as ProblemCode
  const members = JSON.parse(fault.detail ?? '{}') as Record<string, unknown>
  return problem(code, refusalDetail(code, members), members)
}

// Commands check these constraints under the lab lock and refuse with better details. This handles violations by other writes.
const problemOfConstraint: Readonly<Record<string, ProblemCode>> = {
  placement_pkey: 'position-occupied',
  container_barcode_active: 'barcode-in-use',
  device_name_active: 'device-name-in-use',
  api_key_name_live: 'key-name-in-use',
  container_pkey: 'id-in-use',
  device_pkey: 'id-in-use',
  process_pkey: 'id-in-use',
  experiment_pkey: 'id-in-use',
  adopted_id_pkey: 'id-in-use',
  webhook_pkey: 'id-in-use'
}

function constraintProblem (constraint: string): Problem {
  const code = problemOfConstraint[constraint] ?? 'world-conflict'
  return problem(code, `The constraint "${constraint}" refused the change. Nothing was changed.`, { rule: constraint })
}
