import { OperatorError } from './domain/operator-error.ts'

/** One environment variable: what it means is said here once, and the README's table is held against it by a test. */
export type Variable = { name: string, fallback: string | null, meaning: string }

/** What the process runs with; see `variables` for the meaning of each. */
export type Config = Readonly<{
  host: string
  port: number
  auth: 'on' | 'off'
  bootstrapAdminKeyFile: string | null
  corsOrigins: readonly string[]
  /** null: a usual one, from which this machine is exempt; 0: none */
  rateLimitPerMinute: number | null
  /** null: an embedded PostgreSQL under `dataDir` */
  databaseUrl: string | null
  dataDir: string
  databasePoolMax: number
  databaseConnectTimeoutMs: number
  statementTimeoutMs: number
  bodyLimitBytes: number
  requestTimeoutMs: number
  logLevel: string
}>

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

export const variables: readonly Variable[] = [
  { name: 'HOST', fallback: '127.0.0.1', meaning: 'address to listen on' },
  { name: 'PORT', fallback: '8000', meaning: 'port to listen on; 0 takes any free one' },
  { name: 'AUTH', fallback: 'on', meaning: '`off` lets everybody in: for tests, or behind something that checks' },
  { name: 'BOOTSTRAP_ADMIN_KEY_FILE', fallback: null, meaning: 'a file whose content, 32 characters or more, becomes the first key (`admin`) of a service that never had one' },
  { name: 'CORS_ORIGINS', fallback: null, meaning: 'origins whose pages may call from a browser, separated by commas; `*` for all; unset: none' },
  { name: 'RATE_LIMIT_PER_MINUTE', fallback: null, meaning: 'requests a minute of one key, or of one address without; 0: no limit; unset: 12000, and no limit on this machine itself' },
  { name: 'DATABASE_URL', fallback: null, meaning: 'a PostgreSQL 15 or newer, as `postgresql://user:password@host:port/name`; unset: an embedded one under `DATA_DIR`' },
  { name: 'DATA_DIR', fallback: './data', meaning: 'where the embedded database keeps its files; survives restarts' },
  { name: 'DATABASE_POOL_MAX', fallback: '10', meaning: 'connections to the database at most' },
  { name: 'DATABASE_CONNECT_TIMEOUT_MS', fallback: '5000', meaning: 'how long a request waits for a connection before it is answered 503; the start waits six times as long' },
  { name: 'STATEMENT_TIMEOUT_MS', fallback: '30000', meaning: 'how long one statement may run before it is cancelled' },
  { name: 'BODY_LIMIT_BYTES', fallback: '16777216', meaning: 'largest request body' },
  { name: 'REQUEST_TIMEOUT_MS', fallback: '60000', meaning: 'how long a request may take to arrive before it is answered 408' },
  { name: 'LOG_LEVEL', fallback: 'info', meaning: `least severe lines to log: ${logLevels.join(', ')}` }
]

export class ConfigError extends OperatorError {
  readonly faults: readonly string[]
  constructor (faults: readonly string[]) {
    super(`The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n  ${faults.join('\n  ')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/** Reads the configuration from the environment. All faults are told at once, in one `ConfigError`. An empty variable counts as unset. */
export function readConfig (env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = []

  function text (name: string): string | null {
    return env[name] || variables.find((variable) => variable.name === name)!.fallback
  }

  function integer (name: string, minimum: number, maximum: number): number {
    const given = text(name) ?? ''
    const value = /^\d{1,10}$/.test(given) ? Number(given) : NaN
    if (!(value >= minimum && value <= maximum)) {
      faults.push(`${name} must be a whole number from ${minimum} to ${maximum}, not "${given}"`)
    }
    return value
  }

  function oneOf<const V extends string> (name: string, allowed: readonly V[]): V {
    const given = text(name) ?? ''
    if (!(allowed as readonly string[]).includes(given)) faults.push(`${name} must be one of ${allowed.join(', ')}, not "${given}"`)
    return given as V
  }

  function origins (name: string): string[] {
    const given = (text(name) ?? '').split(',').map((origin) => origin.trim()).filter((origin) => origin !== '')
    for (const origin of given) {
      if (!isOrigin(origin)) faults.push(`${name} must hold origins as https://lab.example or http://localhost:3000, without a path, or *, not "${origin}"`)
    }
    return given
  }

  function databaseUrl (): string | null {
    const given = text('DATABASE_URL')
    // the value holds a password, so a fault never repeats it
    if (given !== null && !isDatabaseUrl(given)) {
      faults.push('DATABASE_URL must be a URL as postgresql://user:password@host:port/name, special characters in it percent-encoded (or unset)')
    }
    return given
  }

  const config: Config = Object.freeze({
    host: text('HOST')!,
    port: integer('PORT', 0, 65535),
    auth: oneOf('AUTH', ['on', 'off']),
    bootstrapAdminKeyFile: text('BOOTSTRAP_ADMIN_KEY_FILE'),
    corsOrigins: origins('CORS_ORIGINS'),
    rateLimitPerMinute: text('RATE_LIMIT_PER_MINUTE') === null ? null : integer('RATE_LIMIT_PER_MINUTE', 0, 1_000_000_000),
    databaseUrl: databaseUrl(),
    dataDir: text('DATA_DIR')!,
    databasePoolMax: integer('DATABASE_POOL_MAX', 1, 1000),
    databaseConnectTimeoutMs: integer('DATABASE_CONNECT_TIMEOUT_MS', 1, 600_000),
    statementTimeoutMs: integer('STATEMENT_TIMEOUT_MS', 1, 3_600_000),
    bodyLimitBytes: integer('BODY_LIMIT_BYTES', 1024, 1_073_741_824),
    requestTimeoutMs: integer('REQUEST_TIMEOUT_MS', 100, 3_600_000),
    logLevel: oneOf('LOG_LEVEL', logLevels)
  })
  if (faults.length > 0) throw new ConfigError(faults)
  return config
}

function isDatabaseUrl (text: string): boolean {
  // no host stands for a socket, which `?host=` names
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text.replace('@/', '@localhost/'))
}

function isOrigin (text: string): boolean {
  return text === '*' || (URL.canParse(text) && new URL(text).origin === text)
}
