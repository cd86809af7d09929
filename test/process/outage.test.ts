import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { aDatabase } from '../support/database.ts'
import { aProxy } from '../support/proxy.ts'
import { aServiceOn, type Service } from '../support/service.ts'

t.jobs = 4

const calls = [
  ['a statement on the pool', 'GET', '/api/containers/PLATE'],
  ['a read through Prisma', 'GET', '/api/containers'],
  ['a raw query through Prisma', 'GET', '/api/steps/statistics'],
  ['a read in a transaction', 'GET', '/api/lab'],
  ['a command that is a function', 'POST', '/api/containers', { device: 'Hotel' }],
  ['a command in a transaction', 'PUT', '/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 3 } } } }]
] as const

async function aProxiedLab (t: Test, env: Record<string, string> = {}) {
  const url = await aDatabase(t)
  const proxy = await aProxy(t, url)
  const service = await aServiceOn(t, proxy.url, { DATABASE_CONNECT_TIMEOUT_MS: '2000', STATEMENT_TIMEOUT_MS: '4000', ...env })
  // on a busy machine the first connection may take longer than the limit; the test begins after it
  for (let tries = 0; tries < 20 && (await service.get('/health/ready')).status !== 200; tries++) await sleep(500)
  t.match(await service.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 3 } } } }), { status: 200 })
  t.match(await service.post('/api/containers', { device: 'Hotel', barcode: 'PLATE' }), { status: 201 })
  return { url, proxy, service }
}

async function everythingIsUnavailable (t: Test, service: Service) {
  await Promise.all(calls.map(async ([what, method, path, body]) => {
    const answer = await service.call(method, path, body)
    t.match(answer, { status: 503, body: { code: 'database-unavailable' } }, what)
    t.match(answer.headers['retry-after'], /^\d+$/, 'it tells when to come back')
  }))
  t.match(await service.get('/health/ready'), { status: 503, body: { code: 'database-unavailable' } })
  t.match(await service.get('/health/live'), { status: 200 })
}

async function everythingWorks (t: Test, service: Service) {
  await Promise.all(calls.map(async ([what, method, path, body]) => {
    t.ok((await service.call(method, path, body)).status < 300, what)
  }))
  t.match(await service.get('/health/ready'), { status: 200 })
}

/** Locks the lab's row. Every command waits for it. */
async function aHeldLab (t: Test, url: string) {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.end())
  await client.query('BEGIN')
  await client.query('SELECT lock_lab()')
}

t.test('while the database is gone everything that needs it is a 503, and works again when it is back', async (t) => {
  const { proxy, service } = await aProxiedLab(t)
  await proxy.cut()
  await everythingIsUnavailable(t, service)
  await proxy.mend()
  await everythingWorks(t, service)
})

t.test('a database that can be reached but does not answer is a 503 in bounded time', async (t) => {
  const { proxy, service } = await aProxiedLab(t)
  // which leaves several connections open
  await everythingWorks(t, service)
  proxy.freeze()
  const began = Date.now()
  t.match(await service.get('/health/ready'), { status: 503 })
  t.ok(Date.now() - began < 5000, 'a probe waits no longer than for a connection')
  const asked = Date.now()
  await everythingIsUnavailable(t, service)
  t.ok(Date.now() - asked > 5900, 'a request on an open connection waits for STATEMENT_TIMEOUT_MS and DATABASE_CONNECT_TIMEOUT_MS')
  t.ok(Date.now() - asked < 20_000, 'and not for ever')
  await proxy.mend()
  // until the service has heard that its connections were reset
  for (let tries = 0; tries < 20 && (await service.get('/health/ready')).status !== 200; tries++) await sleep(100)
  await everythingWorks(t, service)
})

t.test('a command whose connection breaks under it is a 503, and changes nothing', async (t) => {
  const { url, proxy, service } = await aProxiedLab(t)
  await aHeldLab(t, url)
  const underWay = calls.slice(4).map(([, method, path, body]) => service.call(method, path, body))
  await sleep(500)
  await proxy.cut()
  for (const answer of await Promise.all(underWay)) t.match(answer, { status: 503, body: { code: 'database-unavailable' } })
  await proxy.mend()
  t.match(await service.get('/api/containers?count=true'), { body: { total: 1 } })
})

t.test('so is one with a key or an If-Match, whose transaction breaks under it', async (t) => {
  const { url, proxy, service } = await aProxiedLab(t)
  await aHeldLab(t, url)
  const underWay = [
    ...calls.slice(4).map(([, method, path, body], index) => service.call(method, path, body, { 'idempotency-key': `k${index}` })),
    service.delete('/api/containers/PLATE', { 'if-match': '"1"' })
  ]
  await sleep(500)
  await proxy.cut()
  for (const answer of await Promise.all(underWay)) t.match(answer, { status: 503, body: { code: 'database-unavailable' } })
  await proxy.mend()
  t.match(await service.get('/api/containers?count=true'), { body: { total: 1 } })
})

t.test('a server that is shut down is a 503', async (t) => {
  const { url, service } = await aProxiedLab(t)
  await aHeldLab(t, url)
  const underWay = calls.slice(4).map(([, method, path, body]) => service.call(method, path, body))
  await sleep(500)
  const client = new pg.Client(url)
  await client.connect()
  // the holder of the lab's row ends last: if it ended earlier, one of the waiting commands would still run
  for (const whose of ["application_name = 'platform-status'", 'pid <> pg_backend_pid()']) {
    await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND ${whose}`)
  }
  await client.end()
  for (const answer of await Promise.all(underWay)) t.match(answer, { status: 503, body: { code: 'database-unavailable' } })
  await everythingWorks(t, service)
})

t.test('who finds all connections busy waits for one, and not for ever', async (t) => {
  const { url, service } = await aProxiedLab(t, { DATABASE_POOL_MAX: '1' })
  await aHeldLab(t, url)
  const busy = service.post('/api/containers', { device: 'Hotel' })
  await sleep(300)
  const began = Date.now()
  // One waits for the connection, the others wait for their turn, and one of them may still get a turn in the last moment.
  const answers = await Promise.all([service.get('/api/containers/PLATE'), service.get('/api/containers'), service.get('/api/lab')])
  const waitedMs = Date.now() - began
  t.match(answers[0], { status: 503, body: { code: 'database-unavailable' } })
  for (const answer of answers) t.match(answer, { status: 503, headers: { 'retry-after': /^\d+$/ }, body: { code: /^(database-unavailable|too-busy)$/ } })
  t.ok(waitedMs > 1900, 'as long as DATABASE_CONNECT_TIMEOUT_MS')
  t.ok(waitedMs < 3900, 'for their turn and for the connection together')
  t.match(await busy, { status: 503 }, 'STATEMENT_TIMEOUT_MS ends what takes too long')
  t.match(await service.get('/api/containers/PLATE'), { status: 200 })
})

t.test('a refusal that quotes the words of a lost connection stays a refusal', async (t) => {
  const { service } = await aProxiedLab(t)
  const answer = await service.get('/api/containers/Connection%20terminated%20unexpectedly')
  t.match(answer, { status: 404, body: { code: 'container-not-found' } })
})
