/**
 * What each connection asks for when it starts. Without table statistics PostgreSQL overestimates costs and JIT-compiles reads of the event log:
 * compiling takes seconds, running such a read takes milliseconds. A transaction whose client has vanished must not keep the lab lock.
 */
export function sessionSettings (statementTimeoutMs: number) {
  return { statement_timeout: statementTimeoutMs, idle_in_transaction_session_timeout: statementTimeoutMs, options: '-c TimeZone=UTC -c jit=off' }
}

/** What a pooler that does not know these parameters must be told to leave out, and the roles of the database to set instead. */
export const ignoredByPoolers = 'ignore_startup_parameters = options,statement_timeout,idle_in_transaction_session_timeout'
