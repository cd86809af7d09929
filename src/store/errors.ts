import { problem, Problem, type ProblemCode, catalogue } from '../contract/problems.ts'
import { refusalDetail } from './refusals.ts'

/** What PostgreSQL said, whether it came through the pool or through Prisma. */
export type DatabaseFault = { sqlstate: string, message: string, detail: string | undefined, constraint: string | undefined }

// SQLSTATE classes and codes under which the database cannot answer now, but may soon: connections (also refused ones: a
// password that changes, a database that is restored), resources, shutdown, timeouts, a standby that is not yet in charge
const unavailable = /^(08|28|3D|53|57P)|^(57014|25006|25P03|55P03)$/
const diskFull = '53100'
const lostConnection = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/
const lostConnectionText = /^timeout expired$|timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error|Cannot use a pool after calling end/
const prismaUnavailable = /^(P1001|P1002|P1008|P1017|P2024|P2028)$/
const adapterUnavailable = /^(DatabaseNotReachable|ConnectionClosed|SocketTimeout|TlsConnectionError)$/

type Cause = {
  kind?: string, originalCode?: string, code?: string, originalMessage?: string, message?: string, detail?: string
  constraint?: { index?: string } | string
}

/** The same transaction may succeed when tried again: deadlock or serialization failure. */
export function isRetryable (error: unknown): boolean {
  const fault = databaseFault(error)
  return fault?.sqlstate === '40001' || fault?.sqlstate === '40P01' || (error as { code?: string } | null)?.code === 'P2034'
}

/** Reads SQLSTATE, detail and constraint off an error of `pg` or of Prisma's driver adapter. */
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
  return (error as { meta?: { driverAdapterError?: { cause?: Cause } } } | null)?.meta?.driverAdapterError?.cause
}

/** The database cancelled a statement because it took too long. */
export function isStatementTimeout (error: unknown): boolean {
  return databaseFault(error)?.sqlstate === '57014'
}

/** The problem that a database error stands for; null when it is none of the caller's or the connection's. */
export function databaseProblem (error: unknown): Problem | null {
  // a refusal's sentence may quote anything
  if (error instanceof Problem) return null
  // it was tried again as often as it may be
  if (isRetryable(error)) return databaseUnavailable(error)
  const fault = databaseFault(error)
  if (fault !== null) {
    if (fault.sqlstate === 'PS409') return refusal(fault)
    if (unavailable.test(fault.sqlstate)) return databaseUnavailable(error)
    if (fault.constraint !== undefined && fault.sqlstate.startsWith('23')) return brokenRule(fault.constraint)
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
  const detail = databaseFault(cause)?.sqlstate === diskFull
    ? 'The disk of the database is full; nothing was changed. It takes writes again as soon as there is room.'
    : 'The database did not answer; nothing is known to have changed. Try again.'
  return Object.assign(problem('database-unavailable', detail), { cause })
}

/** A refusal raised by one of the world's functions: its message is the code, its detail the members. */
function refusal (fault: DatabaseFault): Problem | null {
  if (!(fault.message in catalogue)) return null
  const code = fault.message as ProblemCode
  const members = JSON.parse(fault.detail ?? '{}') as Record<string, unknown>
  return problem(code, refusalDetail(code, members), members)
}

// Constraints that a command checks for itself under the lab's lock, and so answers better; they hold against everything else.
const problemOfConstraint: Readonly<Record<string, ProblemCode>> = {
  placement_pkey: 'position-occupied',
  container_barcode_active: 'barcode-in-use',
  device_name_active: 'device-name-in-use',
  api_key_name_live: 'key-name-in-use',
  container_pkey: 'id-in-use',
  device_pkey: 'id-in-use',
  process_pkey: 'id-in-use',
  experiment_pkey: 'id-in-use',
  step_pkey: 'id-in-use'
}

function brokenRule (constraint: string): Problem {
  const code = problemOfConstraint[constraint] ?? 'world-conflict'
  return problem(code, `The rule "${constraint}" of the tracked world refused the change; nothing was changed.`, { rule: constraint })
}
