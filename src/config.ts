import { isIP } from 'node:net'
import Type, { type Static, type TSchema } from 'typebox'
import { databaseUrlFault } from './domain/database-url.ts'
import { OperatorError } from './domain/operator-error.ts'

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/**
 * The settings, each said once. The type `Config`, the reading of the environment, its error messages and the README's table
 * follow from this schema. The environment variable of `databaseUrl` is `DATABASE_URL`, and so on.
 */
const settings = Type.Object({
  host: Type.String({ default: '127.0.0.1', description: 'address to listen on' }),
  port: Type.Integer({ default: 8000, minimum: 0, maximum: 65535, description: 'port to listen on; 0 takes any free port' }),
  auth: oneOf(['on', 'off'], { default: 'on', description: '`off` disables authentication: for tests, or behind a proxy that authenticates' }),
  bootstrapAdminKeyFile: unsetOr(Type.String({ description: 'a file with the first API key (`admin`), 32 characters or more; used only while the service has never had a key' })),
  corsOrigins: Type.Array(Type.String({ format: 'origin' }), { default: [], description: 'origins whose pages may call the service from a browser, separated by commas; `*` for all; unset: none' }),
  frameAncestors: Type.Array(Type.String({ format: 'frame-ancestor' }), {
    default: [], description: 'origins whose pages may show the pages of this service in a frame, such as `/wall` in a dashboard, separated by commas; unset: none'
  }),
  rateLimitPerMinute: unsetOr(Type.Integer({
    minimum: 0, maximum: 1_000_000_000, description: 'requests per minute for each key, or for each address without a key; 0: no limit; unset: 12000, and no limit for this machine itself'
  })),
  trustProxy: Type.Array(Type.String({ format: 'address' }), {
    default: [], description: 'addresses or networks (CIDR) of the proxies in front, separated by commas; only their `X-Forwarded-For`, `-Proto` and `-Host` count; unset: none'
  }),
  databaseUrl: unsetOr(Type.String({ format: 'database-url', description: 'a PostgreSQL 15 or newer, as `postgresql://user:password@host:port/name`; unset: an embedded one under `DATA_DIR`' })),
  dataDir: Type.String({ default: './data', description: 'where the embedded database keeps its files; they survive restarts' }),
  databasePoolMax: Type.Integer({ default: 10, minimum: 1, maximum: 1000, description: 'maximum number of database connections' }),
  databaseConnectTimeoutMs: Type.Integer({
    default: 5000, minimum: 1, maximum: 600_000, description: 'how long a request waits for a database connection before it is answered with 503; the start waits six times as long'
  }),
  statementTimeoutMs: Type.Integer({ default: 30_000, minimum: 1, maximum: 3_600_000, description: 'how long one SQL statement may run before it is cancelled' }),
  maxStreams: Type.Integer({ default: 500, minimum: 0, maximum: 4000, description: 'how many streams (`GET /api/events/stream`) may be open at this instance; further ones are answered with 503' }),
  bodyLimitBytes: Type.Integer({ default: 16_777_216, minimum: 1024, maximum: 1_073_741_824, description: 'largest request body' }),
  requestTimeoutMs: Type.Integer({ default: 60_000, minimum: 100, maximum: 3_600_000, description: 'how long a request may take to arrive before it is answered with 408' }),
  logLevel: oneOf(logLevels, { default: 'info', description: `lowest level that is logged: ${logLevels.join(', ')}` }),
  logFormat: unsetOr(oneOf(['json', 'pretty'], { description: '`json`: one JSON object a line; `pretty`: lines for people; unset: `pretty` on a terminal, otherwise `json`' }))
})

/** The configuration of the process. */
export type Config = Readonly<Static<typeof settings>>

/** The values that are more than any string: what is wrong with one, as an error message says it, or null. It repeats no secret. */
const formats: Readonly<Record<string, (text: string) => string | null>> = {
  origin: (text) => isOrigin(text) ? null : `must list origins such as https://lab.example or http://localhost:3000, without a path, or *, not "${text}"`,
  // A frame lets its page trick people into pressing keys (clickjacking), so there is no `*`.
  'frame-ancestor': (text) => text !== '*' && isOrigin(text) && text !== 'null' ? null : `must list origins such as https://dashboard.example, without a path, not "${text}"`,
  address: (text) => isAddress(text) ? null : `must list IP addresses or networks such as 10.0.0.7 or 10.0.0.0/8, not "${text}"`,
  'database-url': databaseUrlFault
}

type Value = string | number | readonly string[] | null

/** A setting as the schema describes it. */
type Setting = {
  type: 'string' | 'integer' | 'array', default: Value, description: string
  minimum?: number, maximum?: number, enum?: readonly string[], format?: string, items?: Setting
}

const table = Object.entries(settings.properties as unknown as Readonly<Record<string, Setting>>)
  .map(([key, setting]) => ({ key, name: key.replaceAll(/[A-Z]/g, '_$&').toUpperCase(), setting }))

/** The environment variables, as the README lists them. */
export const variables = table.map(({ name, setting }) => ({ name, fallback: String(setting.default ?? '') || null, meaning: setting.description }))

export class ConfigError extends OperatorError {
  readonly faults: readonly string[]
  constructor (faults: readonly string[]) {
    super(`The configuration has ${faults.length === 1 ? 'an error' : `${faults.length} errors`}:\n  ${faults.join('\n  ')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/** Reads the configuration from the environment. All errors are reported together, in one `ConfigError`. An empty variable counts as unset. */
export function readConfig (env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = []
  const entries = table.map(({ key, name, setting }) => {
    const value = env[name] ? parse(env[name], setting) : setting.default
    faults.push(...faultsOf(value, setting).map((fault) => `${name} ${fault}`))
    return [key, value]
  })
  if (faults.length > 0) throw new ConfigError(faults)
  return Object.freeze(Object.fromEntries(entries) as Config)
}

function parse (text: string, { type }: Setting): Value {
  if (type === 'integer' && /^\d{1,10}$/.test(text)) return Number(text)
  return type === 'array' ? text.split(',').map((item) => item.trim()).filter((item) => item !== '') : text
}

/** The rules of the setting that the value breaks. A number that could not be parsed is still a text. */
function faultsOf (value: Value, setting: Setting): string[] {
  if (value === null) return []
  if (typeof value === 'object') return value.flatMap((item) => faultsOf(item, setting.items!))
  if (setting.type === 'integer') {
    const isInRange = typeof value === 'number' && value >= setting.minimum! && value <= setting.maximum!
    return isInRange ? [] : [`must be a whole number from ${setting.minimum} to ${setting.maximum}, not "${value}"`]
  }
  const text = String(value)
  if (setting.enum !== undefined && !setting.enum.includes(text)) return [`must be one of ${setting.enum.join(', ')}, not "${text}"`]
  const fault = formats[setting.format ?? '']?.(text) ?? null
  return fault === null ? [] : [fault]
}

function oneOf<const V extends readonly string[]> (values: V, options: { default?: V[number], description: string }) {
  return Type.Unsafe<V[number]>({ type: 'string', enum: values, ...options })
}

/** A setting without a default: null when the variable is not set. */
function unsetOr<S extends TSchema> (schema: S) {
  return Type.Unsafe<Static<S> | null>({ ...schema, default: null })
}

function isAddress (text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const version = isIP(address)
  return version !== 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
}

function isOrigin (text: string): boolean {
  return text === '*' || (URL.canParse(text) && new URL(text).origin === text)
}
