/** What the service sets itself for each connection, and what says it instead. node-postgres lets the URL win without a word. */
const setByService: Readonly<Record<string, string>> = {
  options: 'the service sets jit and TimeZone there; set other parameters with ALTER ROLE ... SET',
  statement_timeout: 'set STATEMENT_TIMEOUT_MS',
  query_timeout: 'set STATEMENT_TIMEOUT_MS',
  lock_timeout: 'set STATEMENT_TIMEOUT_MS',
  idle_in_transaction_session_timeout: 'it follows from STATEMENT_TIMEOUT_MS',
  client_encoding: 'the service speaks UTF-8',
  replication: 'the service needs an ordinary connection'
}

const oneServer = 'the driver connects to one server: put a proxy that knows the primary in front, such as HAProxy, and name that'

/** What is wrong with a value of DATABASE_URL, as the end of a sentence that begins with the name; null if nothing is. It repeats no secret. */
export function databaseUrlFault (text: string): string | null {
  // A URL parser would leave them out without a word, and the password would be another one.
  if (/\p{Cc}/u.test(text)) return 'must not contain line breaks or other control characters'
  const [, scheme, hosts, query = ''] = /^(postgres(?:ql)?:\/\/)(?:[^/?#]*@)?([^/?#]*)[^?#]*(?:\?([^#]*))?/.exec(text) ?? []
  const parameters = new URLSearchParams(query)
  if (hosts?.includes(',') === true || parameters.get('host')?.includes(',') === true) return `names several hosts, but ${oneServer}`
  // A URL without a host is that of a socket, which `?host=` names.
  if (scheme === undefined || !URL.canParse(text.replace('@/', '@localhost/'))) {
    return 'must be a URL such as postgresql://user:password@host:port/name, with special characters percent-encoded, or unset'
  }
  for (const name of parameters.keys()) {
    const instead = Object.hasOwn(setByService, name) ? setByService[name]! : null
    if (instead !== null) return `must not set ${name}: ${instead}`
    if (name === 'target_session_attrs' || name === 'load_balance_hosts') return `must not set ${name}: ${oneServer}`
  }
  return null
}
