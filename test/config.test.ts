import t from 'tap'
import { ConfigError, readConfig, variables } from '../src/config.ts'

function faultsOf (env: Record<string, string>): readonly string[] {
  try {
    readConfig(env)
    return []
  } catch (error) {
    return (error as ConfigError).faults
  }
}

t.test('nothing need be set', async (t) => {
  t.same(readConfig({}), {
    host: '127.0.0.1', port: 8000, auth: 'on', bootstrapAdminKeyFile: null, corsOrigins: [], frameAncestors: [], rateLimitPerMinute: null, trustProxy: [], databaseUrl: null, dataDir: './data', databasePoolMax: 10, databaseConnectTimeoutMs: 5000,
    statementTimeoutMs: 30000, maxStreams: 500, bodyLimitBytes: 16 * 1024 * 1024, requestTimeoutMs: 60000, logLevel: 'info', logFormat: null
  })
})

t.test('every variable is read, and an empty one counts as unset', async (t) => {
  const given = {
    HOST: '0.0.0.0', PORT: '0', AUTH: 'off', BOOTSTRAP_ADMIN_KEY_FILE: '/run/secrets/key', CORS_ORIGINS: 'https://lab.example, http://localhost:3000', FRAME_ANCESTORS: 'https://dashboard.example', RATE_LIMIT_PER_MINUTE: '0', TRUST_PROXY: '10.0.0.7,fd00::/8',
    DATABASE_URL: 'postgresql://user:p%40ss@db:5433/lab?sslmode=require', DATA_DIR: '/srv/lab', DATABASE_POOL_MAX: '20',
    DATABASE_CONNECT_TIMEOUT_MS: '100', STATEMENT_TIMEOUT_MS: '200', MAX_STREAMS: '7', BODY_LIMIT_BYTES: '4096', REQUEST_TIMEOUT_MS: '5000', LOG_LEVEL: 'warn', LOG_FORMAT: 'pretty'
  }
  t.same(Object.keys(given), variables.map(({ name }) => name))
  t.same(Object.values(readConfig(given)), ['0.0.0.0', 0, 'off', '/run/secrets/key', ['https://lab.example', 'http://localhost:3000'], ['https://dashboard.example'], 0, ['10.0.0.7', 'fd00::/8'], given.DATABASE_URL, '/srv/lab', 20, 100, 200, 7, 4096, 5000, 'warn', 'pretty'])
  t.same(readConfig(Object.fromEntries(variables.map(({ name }) => [name, '']))), readConfig({}))
})

t.test('numbers are whole and in their range', async (t) => {
  for (const port of ['-1', '65536', '80.5', '1e3', '0x50', ' 80', 'http']) {
    t.same(faultsOf({ PORT: port }), [`PORT must be a whole number from 0 to 65535, not "${port}"`])
  }
  t.same(faultsOf({ PORT: '65535', DATABASE_POOL_MAX: '1000' }), [])
  t.match(faultsOf({ BODY_LIMIT_BYTES: '1023' }), [/from 1024 to/])
})

t.test('DATABASE_URL is that of a PostgreSQL, and its password is never told', async (t) => {
  for (const url of ['postgresql:///lab?host=/var/run/postgresql', 'postgres://user@/lab?host=/run', 'postgresql://localhost']) t.same(faultsOf({ DATABASE_URL: url }), [])
  for (const url of ['mysql://root:secret@db/lab', 'postgresql://user:secret@db:99999/lab', 'postgresql://user:se#cret@db/lab', 'postgresql:', 'localhost']) {
    const faults = faultsOf({ DATABASE_URL: url })
    t.equal(faults.length, 1, url)
    t.notMatch(faults[0], /se#?cret/)
  }
})

t.test('origins are origins', async (t) => {
  t.same(faultsOf({ CORS_ORIGINS: '*' }), [])
  t.same(faultsOf({ FRAME_ANCESTORS: 'https://dashboard.example:8443,http://localhost:3000' }), [])
  // The value becomes part of a header.
  for (const origin of ['*', "'self'", 'https:', 'null', 'https://dashboard.example/wall', 'https://*.example; script-src *', 'https://a.example https://b.example']) {
    t.match(faultsOf({ FRAME_ANCESTORS: origin }), [`FRAME_ANCESTORS must list origins such as https://dashboard.example, without a path, not "${origin}"`], origin)
  }
  t.same(faultsOf({ TRUST_PROXY: '127.0.0.1, ::1,10.0.0.0/8,fd00::/8' }), [])
  for (const address of ['proxy.example', '10.0.0.0/33', '10.0.0.7/8/9', 'true']) {
    t.match(faultsOf({ TRUST_PROXY: address }), [/^TRUST_PROXY must list IP addresses or networks/], address)
  }
  for (const origin of ['https://lab.example/', 'lab.example', 'https://lab.example/ui', 'null']) {
    t.match(faultsOf({ CORS_ORIGINS: `http://localhost:3000,${origin}` }), [`CORS_ORIGINS must list origins such as https://lab.example or http://localhost:3000, without a path, or *, not "${origin}"`], origin)
  }
})

t.test('all errors are reported together', async (t) => {
  t.throws(() => readConfig({ PORT: 'x', LOG_LEVEL: 'loud', STATEMENT_TIMEOUT_MS: '0' }), {
    message: /^The configuration has 3 errors:\n {2}PORT must.*\n {2}STATEMENT_TIMEOUT_MS must.*\n {2}LOG_LEVEL must be one of fatal, .*, not "loud"$/
  })
  t.throws(() => readConfig({ PORT: 'x' }), { message: /^The configuration has an error:\n {2}PORT/ })
})

t.test('DATABASE_URL has no control characters, which a URL parser would leave out of the password', async (t) => {
  for (const url of ['postgresql://lab:sec\nret@db/lab', 'postgresql://lab:secret@db/lab\r', 'postgresql://lab:sec\tret@db/lab']) {
    t.match(faultsOf({ DATABASE_URL: url }), ['DATABASE_URL must not contain line breaks or other control characters'])
  }
})

t.test('DATABASE_URL cannot take back what the service sets for its connections, nor name several servers', async (t) => {
  for (const name of ['options', 'statement_timeout', 'query_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'client_encoding', 'replication', 'target_session_attrs']) {
    t.match(faultsOf({ DATABASE_URL: `postgresql://lab:secret@db/lab?sslmode=require&${name}=-c%20jit%3Don` }), [new RegExp(`^DATABASE_URL must not set ${name}: `)])
  }
  for (const url of ['postgresql://lab:secret@one,two/lab', 'postgres://lab:secret@one:5432,two:5433/lab?sslmode=require', 'postgresql:///lab?host=one,two']) {
    const faults = faultsOf({ DATABASE_URL: url })
    t.match(faults, [/^DATABASE_URL names several hosts, but .*HAProxy/])
    t.notMatch(faults.join(), /secret/)
  }
  t.same(faultsOf({ DATABASE_URL: 'postgresql://lab:a%2Cb@db/lab?sslmode=verify-full&sslrootcert=/ca.pem&application_name=lab' }), [])
})
