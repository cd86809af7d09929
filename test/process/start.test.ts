import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { readConfig } from '../../src/config.ts'
import { OperatorError } from '../../src/domain/operator-error.ts'
import { start } from '../../src/process/start.ts'
import { aDatabase } from '../support/database.ts'
import { aLog } from '../support/logged.ts'
import { aProxy } from '../support/proxy.ts'

t.jobs = 2

/** Starts the service in this process. `stop` acts as the signal to stop, `running` settles when the service has ended. */
function starting (t: Test, env: Record<string, string>, more: { shutdownTimeouts?: { requestsMs: number, queriesMs: number }, level?: string } = {}) {
  const stopping = new AbortController()
  const { log, lines, said } = aLog(more.level)
  const config = readConfig({ PORT: '0', ...env })
  const running = start({ config, log, signal: stopping.signal, ...(more.shutdownTimeouts && { shutdownTimeouts: more.shutdownTimeouts }) })
  t.teardown(async () => {
    stopping.abort('over')
    await running.then(({ stop }) => stop(), () => {})
  })
  return { running, lines, said, stop: () => stopping.abort('stop') }
}

/** The message with which the service refuses to start. */
async function refusal (t: Test, env: Record<string, string>): Promise<string> {
  const error = await starting(t, env).running.then(() => new Error('it starts'), (error: unknown) => error as Error)
  t.ok(error instanceof OperatorError, 'a sentence, no bug')
  return error.message
}

async function run (url: string, sql: string): Promise<void> {
  const client = await aClient(url)
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

async function aClient (url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  return client
}

t.test('it says once, in one line, where it is ready', async (t) => {
  const { running, lines } = starting(t, { DATABASE_URL: await aDatabase(t) })
  const { address } = await running
  t.equal((await fetch(`${address}/health/ready`)).status, 200)
  const naming = lines.filter((line) => JSON.stringify(line).includes(`"${address}"`))
  t.match(naming, [{ level: 'info', time: /^\d{4}-.*Z$/, address, docs: `${address}/docs`, msg: 'ready' }])
  t.equal(naming.length, 1)
})

t.test('a start with an empty lab logs what to do next', async (t) => {
  const { running, lines } = starting(t, { DATABASE_URL: await aDatabase(t), HOST: '0.0.0.0', AUTH: 'off' })
  const { address } = await running
  const here = address.replace('0.0.0.0', '127.0.0.1')
  const [load, look, docs, ready] = lines.slice(-4)
  t.match(ready, { msg: 'ready', address, docs: `${here}/docs` })
  t.match(load, { msg: /load its file/, command: new RegExp(`^curl -T examples/\\S+\\.yaml -H \\S+ ${here}/api/lab/config$`) })
  t.match(look, { command: `curl ${here}/api/lab` })
  t.match(docs, { open: `${here}/docs` })
})

t.test('a lab with devices gets no hints, and the address is logged at every level', async (t) => {
  const url = await aDatabase(t)
  await run(url, `INSERT INTO device_group (name) VALUES ('devices') ON CONFLICT DO NOTHING;
    INSERT INTO device (id, name, "group") VALUES (gen_random_uuid(), 'Hotel', 'devices')`)
  const { running, lines } = starting(t, { DATABASE_URL: url })
  await running
  t.equal(lines.at(-1)?.msg, 'ready')
  const silent = starting(t, { DATABASE_URL: url }, { level: 'silent' })
  const { address } = await silent.running
  t.match(silent.lines, [{ address }])
  t.equal(silent.lines.length, 1)
})

t.test('a port in use, and an address that is not of this machine', async (t) => {
  const squatter = createServer().listen(0, '127.0.0.1')
  t.teardown(() => squatter.close())
  await new Promise((resolve) => squatter.once('listening', resolve))
  const { port } = squatter.address() as AddressInfo
  const url = await aDatabase(t)
  t.equal(await refusal(t, { DATABASE_URL: url, PORT: String(port) }),
    `Port ${port} of 127.0.0.1 is in use: stop the program that uses it, or set PORT to another port (0 takes any free port).`)
  t.match(await refusal(t, { DATABASE_URL: url, HOST: '192.0.2.1', AUTH: 'off' }), /^This machine has no address 192\.0\.2\.1: set HOST/)
})

t.test('a database that does not exist, and a user who is refused, are reported at once and without the password', async (t) => {
  const url = new URL(await aDatabase(t))
  const server = `${url.hostname}:${url.port || 5432}`
  url.pathname = '/no_such_database'
  t.equal(await refusal(t, { DATABASE_URL: url.href }),
    `The server at ${server} has no database "no_such_database". Create it, or correct DATABASE_URL.`)
  url.username = 'nobody'
  url.password = 'secret'
  const told = await refusal(t, { DATABASE_URL: url.href })
  t.match(told, /refuses the user "nobody" .* Correct user and password in DATABASE_URL\.$/)
  t.notMatch(told, /secret/)
})

t.test('a DATABASE_URL that asks for what is not there', async (t) => {
  const url = new URL(await aDatabase(t))
  url.searchParams.set('sslmode', 'require')
  t.match(await refusal(t, { DATABASE_URL: url.href }), /^The database at \S+ cannot be used \(The server does not support SSL connections\)\.$/)
  url.searchParams.set('sslrootcert', '/no/such/file')
  t.match(await refusal(t, { DATABASE_URL: url.href }), /^DATABASE_URL cannot be used \(ENOENT.*\/no\/such\/file.*\)\.$/)
})

t.test('a database that does not come is waited for, but not for ever', async (t) => {
  const proxy = await aProxy(t, await aDatabase(t))
  await proxy.cut()
  t.match(await refusal(t, { DATABASE_URL: proxy.url, DATABASE_CONNECT_TIMEOUT_MS: '200' }),
    /^The database at 127\.0\.0\.1:\d+ did not respond within 1\.2 s \(connect ECONNREFUSED [^)]+\)\. Start it, or correct DATABASE_URL\.$/)
})

t.test('a database that starts a little later is found', async (t) => {
  const proxy = await aProxy(t, await aDatabase(t))
  await proxy.cut()
  const { running, said } = starting(t, { DATABASE_URL: proxy.url })
  t.match(await said('database does not respond yet, retrying'), { level: 'warn', reason: /ECONNREFUSED/ })
  await proxy.mend()
  t.equal((await fetch(`${(await running).address}/health/ready`)).status, 200)
})

t.test('PostgreSQL before 15 is refused', async (t) => {
  const url = await aDatabase(t)
  await run(url, `CREATE SCHEMA past;
    CREATE FUNCTION past.current_setting(name text) RETURNS text LANGUAGE sql AS $$
      SELECT CASE name WHEN 'server_version_num' THEN '140012' WHEN 'server_version' THEN '14.12' ELSE pg_catalog.current_setting(name) END $$;
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = past, pg_catalog, public', current_database()); END $$`)
  t.equal(await refusal(t, { DATABASE_URL: url }), 'The database is PostgreSQL 14.12; version 15 or newer is required.')
})

t.test('a database at which a newer version of the service has been is refused', async (t) => {
  const url = await aDatabase(t)
  await run(url, `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
    VALUES ('later', 'later', now(), '29990101000000_later', 1)`)
  t.match(await refusal(t, { DATABASE_URL: url }), /^The database is newer than this version of the service: .*29990101000000_later/)
})

t.test('a user who may not create tables is told what PostgreSQL says', async (t) => {
  const url = new URL(await aDatabase(t))
  const role = `reader_${url.pathname.slice(-12)}`
  await run(url.href, `DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA public TO ${role}`)
  const theirs = new URL(url)
  theirs.username = role
  theirs.password = 'x'
  t.equal(await refusal(t, { DATABASE_URL: theirs.href }),
    'The database migrations could not be applied: permission denied for schema public (SQLSTATE 42501).')
  await run(url.href, `DROP OWNED BY ${role}; DROP ROLE ${role}`)
})

t.test('told to stop while it waits for the database or for another\'s migration, it gives up', async (t) => {
  const url = await aDatabase(t)
  const proxy = await aProxy(t, url)
  await proxy.cut()
  const waiting = starting(t, { DATABASE_URL: proxy.url })
  await waiting.said('database does not respond yet, retrying')
  waiting.stop()
  t.equal(await waiting.running.catch((error: unknown) => error), 'stop')

  const other = await aClient(url)
  await other.query('SELECT pg_advisory_lock(72707369)')
  const behind = starting(t, { DATABASE_URL: url }, { shutdownTimeouts: { requestsMs: 100, queriesMs: 100 } })
  const waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
  while ((await other.query(waits)).rowCount === 0) await sleep(20)
  behind.stop()
  t.equal(await behind.running.catch((error: unknown) => error), 'stop')
  await other.end()
})

t.test('told to stop, it lets a request finish, closes what is idle and takes nothing new', async (t) => {
  const url = await aDatabase(t)
  const { running } = starting(t, { DATABASE_URL: url })
  const { address, stop } = await running
  await fetch(`${address}/api/lab/config`, json('PUT', { sila_servers: { devices: { Hotel: { capacity: 1 } } } }))
  const holder = await aClient(url)
  await holder.query('BEGIN')
  await holder.query('SELECT lock_lab()')
  const underWay = fetch(`${address}/api/containers`, json('POST', { device: 'Hotel' }))
  const waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
  while ((await holder.query(waits)).rowCount === 0) await sleep(20)

  const stopped = stop()
  await sleep(100)
  await t.rejects(fetch(`${address}/health/live`), 'nothing new')
  await holder.query('COMMIT')
  t.equal((await underWay).status, 201)
  const began = Date.now()
  await stopped
  t.ok(Date.now() - began < 5000, 'the connection kept alive does not keep it')
  t.equal(stop(), stop(), 'and once is enough')
  t.match(await holder.query('SELECT 1 FROM placement'), { rowCount: 1 })
  await holder.end()
})

t.test('on a stop, endless requests and queries are cancelled after the timeout', async (t) => {
  const url = await aDatabase(t)
  const { running, lines } = starting(t, { DATABASE_URL: url }, { shutdownTimeouts: { requestsMs: 300, queriesMs: 300 } })
  const { address, stop } = await running
  await fetch(`${address}/api/lab/config`, json('PUT', { sila_servers: { devices: { Hotel: { capacity: 1 } } } }))
  const holder = await aClient(url)
  await holder.query('BEGIN')
  await holder.query('SELECT lock_lab()')
  const underWay = fetch(`${address}/api/containers`, json('POST', { device: 'Hotel' }))
  const cut = t.rejects(underWay)
  await sleep(300)
  await stop()
  await cut
  t.ok(lines.some(({ msg }) => msg === 'closing connections with unfinished requests'))
  await holder.end()
})

t.test('what fails to close does not keep the rest open', async (t) => {
  const { openShutdown } = await import('../../src/process/shutdown.ts')
  const { log, lines } = aLog()
  const opened = openShutdown(log)
  const closed: string[] = []
  opened.add('the first', async () => { closed.push('the first') })
  opened.add('the second', async () => { throw new Error('stuck') })
  opened.add('the third', async () => { closed.push('the third') })
  await opened.close()
  t.same(closed, ['the third', 'the first'])
  t.match(lines, [{ level: 'error', what: 'the second', err: { message: 'stuck' } }])
})

function json (method: string, body: unknown): RequestInit {
  return { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}
