import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { aDatabase } from '../support/database.ts'
import { aServiceOn, type Service } from '../support/service.ts'
import { aProcess } from '../support/spawned.ts'

// Faults of the database and of clients while the service works: a full disk, deadlocks, clients that disconnect, a stop under
// load, a second instance. Outages of the database are in outage.test.ts.

t.jobs = 3

const hotel = (capacity: number) => ({ sila_servers: { devices: { Hotel: { capacity } } } })

async function aClient (t: Test, url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.end())
  return client
}

async function aHotel (t: Test, capacity = 10, env: Record<string, string> = {}) {
  const url = await aDatabase(t)
  const service = await aServiceOn(t, url, env)
  const { status, text } = await service.put('/api/lab/config', hotel(capacity))
  t.equal(status, 200, text)
  return { url, service, client: await aClient(t, url) }
}

/** From now on a write to these tables fails with this error, `times` times. A sequence counts, because it does not roll back. */
async function failing (client: pg.Client, tables: readonly string[], sqlstate: string, times = 1_000_000): Promise<void> {
  await client.query(`CREATE SEQUENCE failures;
    CREATE FUNCTION fail_write() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('failures') <= ${times} THEN RAISE EXCEPTION 'planted' USING ERRCODE = '${sqlstate}'; END IF;
      RETURN NEW;
    END $$`)
  for (const table of tables) await client.query(`CREATE TRIGGER aa_fails BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION fail_write()`)
}

async function repaired (client: pg.Client): Promise<void> {
  await client.query('DROP FUNCTION fail_write() CASCADE; DROP SEQUENCE failures')
}

const writes = [
  ['a container', 'POST', '/api/containers', { device: 'Hotel' }],
  ['the lab file', 'PUT', '/api/lab/config', hotel(11)],
  ['a process', 'POST', '/api/processes', { name: 'Screening', source: 'pass' }],
  ['a step', 'POST', '/api/steps', { device: 'Hotel', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:16:00Z' }],
  ['a key', 'POST', '/api/keys', { name: 'ada', scopes: ['admin'] }]
] as const

async function counts (client: pg.Client): Promise<unknown> {
  const { rows } = await client.query(`SELECT (SELECT count(*) FROM container) AS containers, (SELECT count(*) FROM process) AS processes,
    (SELECT count(*) FROM step) AS steps, (SELECT count(*) FROM api_key) AS keys, (SELECT count(*) FROM event) AS events, (SELECT revision FROM lab) AS revision`)
  return rows[0]
}

t.test('with a full disk writes are a 503 and change nothing, reads answer, and all is well when there is room again', async (t) => {
  const { service, client } = await aHotel(t)
  const before = await counts(client)
  await failing(client, ['container', 'position', 'process', 'step', 'api_key'], '53100')
  for (const [what, method, path, body] of writes) {
    const answer = await service.call(method, path, body)
    t.match(answer, { status: 503, body: { code: 'database-unavailable', detail: /disk .* is full/ } }, what)
    t.match(answer.headers['retry-after'], /^\d+$/)
  }
  for (const path of ['/api/lab', '/api/containers', '/api/steps']) t.match(await service.get(path), { status: 200 }, path)
  t.match(await service.get('/health/ready'), { status: 503, body: { detail: 'Reads work, but writes fail: the disk of the database is full.' } })
  t.same(await counts(client), before)
  await repaired(client)
  t.match(await service.get('/health/ready'), { status: 200 })
  for (const [what, method, path, body] of writes) t.ok((await service.call(method, path, body)).status < 300, what)
})

for (const [what, sqlstate] of [['a deadlock', '40P01'], ['a serialization failure', '40001']] as const) {
  t.test(`${what} is tried again inside, and the client sees nothing of it`, async (t) => {
    for (const [written, method, path, body] of writes.slice(0, 4)) {
      const { service, client } = await aHotel(t)
      await failing(client, ['container', 'position', 'process', 'step'], sqlstate, 2)
      t.ok((await service.call(method, path, body)).status < 300, written)
      await repaired(client)
    }
  })
}

t.test('a deadlock that does not end is a 503 after a bounded number of tries', async (t) => {
  const { service, client } = await aHotel(t)
  const before = await counts(client)
  await failing(client, ['container'], '40P01')
  t.match(await service.post('/api/containers', { device: 'Hotel' }), { status: 503, body: { code: 'database-unavailable' } })
  const { rows } = await client.query("SELECT nextval('failures')::integer - 1 AS tries")
  t.ok(rows[0].tries > 1 && rows[0].tries < 10, `${rows[0].tries} tries`)
  t.same(await counts(client), before)
})

t.test('what is too large for one value of the database is a 413, and changes nothing', async (t) => {
  const { service, client } = await aHotel(t)
  const before = await counts(client)
  await failing(client, ['container', 'position', 'process', 'step'], '54000')
  for (const [what, method, path, body] of writes.slice(0, 4)) {
    t.match(await service.call(method, path, body), { status: 413, body: { code: 'body-too-large', detail: /Send it in several requests/ } }, what)
  }
  t.same(await counts(client), before)
})

t.test('real deadlocks among commands and logs of steps end well for all', async (t) => {
  const { service } = await aHotel(t, 40)
  const step = (device: string) => ({ device, start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:16:00Z' })
  // batches that name the same new devices in opposite orders
  const names = Array.from({ length: 12 }, (_, index) => `Reader${index}`)
  const batches = Array.from({ length: 8 }, (_, index) => ({ steps: (index % 2 === 0 ? names : names.toReversed()).map(step) }))
  const answers = await Promise.all([
    ...batches.map((batch) => service.post('/api/steps/batch', batch)),
    ...Array.from({ length: 8 }, () => service.post('/api/containers', { device: 'Hotel' })),
    service.put('/api/lab/config?prune=false', { sila_servers: { devices: Object.fromEntries(names.map((name) => [name, { capacity: 1 }])) } })
  ])
  t.same(new Set(answers.map(({ status }) => status)), new Set([200, 201]))
})

/** Sends a request and disconnects while the service works on it, or before all of it is sent. */
async function hangingUp (address: string, text: string, after: () => Promise<unknown>): Promise<void> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.write(text, () => resolve()))
  await after()
  await new Promise((resolve) => { socket.on('close', resolve); socket.destroy() })
}

function requestText (body: object): string {
  const text = JSON.stringify(body)
  return `POST /api/containers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`
}

async function until (work: () => Promise<boolean>): Promise<void> {
  while (!await work()) await sleep(20)
}

const waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

t.test('a client that vanishes leaves a command done as a whole, and no connection taken', async (t) => {
  const url = await aDatabase(t)
  const service: Service = await aServiceOn(t, url, { DATABASE_POOL_MAX: '4' })
  await service.put('/api/lab/config', hotel(10))
  const address = await service.app.listen({ host: '127.0.0.1', port: 0 })
  // inside a transaction, pg_stat_activity stays as it was when it was first read
  const [holder, watcher] = [await aClient(t, url), await aClient(t, url)]
  await holder.query('BEGIN')
  await holder.query('SELECT lock_lab()')
  for (const barcode of ['P1', 'P2']) {
    await hangingUp(address, requestText({ device: 'Hotel', barcode }), () => until(async () => (await watcher.query(waiting)).rowCount === Number(barcode.slice(1))))
  }
  await hangingUp(address, requestText({ device: 'Hotel', barcode: 'P3' }).slice(0, -5), () => sleep(50))
  await holder.query('COMMIT')
  await until(async () => {
    const { body: { pool } } = await service.get('/health/ready')
    return pool?.idle === pool?.open
  })
  t.match(await service.get('/api/lab'), { body: { totals: { containers: 2 } } }, 'what had arrived is done, what had not is nothing')
  t.match(await service.get('/api/lab/health'), { body: { healthy: true } })
})

t.test('a client that vanishes while its key is looked up takes nothing with it', async (t) => {
  const url = await aDatabase(t)
  const server = aProcess(t, { DATABASE_URL: url })
  const address = await server.ready()
  const [holder, watcher] = [await aClient(t, url), await aClient(t, url)]
  await holder.query('BEGIN; LOCK TABLE api_key IN ACCESS EXCLUSIVE MODE')
  const asking = 'GET /api/lab HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ps_nobody\r\n\r\n'
  await hangingUp(address, asking, () => until(async () => (await watcher.query(waiting)).rowCount === 1))
  // the service has received the signal
  await sleep(200)
  await holder.query('COMMIT')
  t.equal((await fetch(`${address}/api/lab`)).status, 200)
})

t.test('told to stop under load, it answers what it took, ends with 0, and what it answered is there', async (t) => {
  const url = await aDatabase(t)
  const server = aProcess(t, { DATABASE_URL: url })
  const address = await server.ready()
  const json = { 'content-type': 'application/json' }
  await fetch(`${address}/api/lab/config`, { method: 'PUT', headers: json, body: JSON.stringify(hotel(5000)) })
  let stored = 0
  const others: unknown[] = []
  async function load (): Promise<void> {
    for (;;) {
      const answer = await fetch(`${address}/api/containers`, { method: 'POST', headers: json, body: '{"device":"Hotel"}' }).catch(() => null)
      if (answer === null) return
      if (answer.status === 201) stored++
      else others.push(answer.status)
      // an answer that has begun is sent to its end
      await answer.json()
    }
  }
  const clients = Array.from({ length: 8 }, load)
  await until(async () => stored > 40)
  server.signal('SIGTERM')
  t.match(await server.ended, { code: 0, signal: null, stderr: '' })
  await Promise.all(clients)
  t.same(others, [], 'nobody is told off')
  const { rows } = await (await aClient(t, url)).query('SELECT count(*)::integer AS count FROM container')
  t.equal(rows[0].count, stored)
})

t.test('two instances on one database are one service', async (t) => {
  // Forty at once may wait for long on a busy machine.
  const env = { DATABASE_CONNECT_TIMEOUT_MS: '60000' }
  const { url, service } = await aHotel(t, 30, env)
  const other = await aServiceOn(t, url, env)
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? service : other).post('/api/containers', { device: 'Hotel' })))
  const places = answers.filter(({ status }) => status === 201).map(({ body }) => body.position)
  t.same(places.sort((a, b) => a - b), Array.from({ length: 30 }, (_, slot) => slot), 'each slot once')
  t.same(new Set(answers.filter(({ status }) => status !== 201).map(({ body }) => body.code)), new Set(['no-free-position']), answers.find(({ status }) => status >= 500)?.text ?? 'all have room or none')
  const { text, headers } = await service.get('/api/devices/Hotel')
  t.match(await other.get('/api/devices/Hotel'), { text, headers: { etag: headers.etag } })
  const key = { 'idempotency-key': 'once' }
  const twice = await Promise.all([service, other].map((one) => one.post('/api/processes', { name: 'Screening', source: 'pass' }, key)))
  t.ok(twice.every(({ status, body }) => status === 201 || body.code === 'idempotency-key-running'))
  const listed = await other.get('/api/processes?count=true')
  t.match(listed, { body: { total: 1 } }, `${twice.map(({ text }) => text).join('; ')}; ${listed.text}`)
})
