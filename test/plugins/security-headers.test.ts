import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { rateLimiter } from '../../src/plugins/rate-limit.ts'
import { openDatabase } from '../../src/store/database.ts'
import { aDatabase } from '../support/database.ts'
import { aLog } from '../support/logged.ts'
import { aService } from '../support/service.ts'

t.test('browsers are told what not to do with answers, refusals and the documentation', async (t) => {
  const service = await aService(t)
  for (const path of ['/api/lab', '/api/containers/none', '/api/nothing', '/health/live']) {
    t.match((await service.get(path)).headers, {
      'x-content-type-options': 'nosniff', 'content-security-policy': 'default-src \'none\'; frame-ancestors \'none\'',
      'cross-origin-resource-policy': 'same-origin', 'referrer-policy': 'no-referrer'
    }, path)
  }
  t.match((await service.get('/docs/static/index.html')).headers['content-security-policy'], /script-src 'self'/, 'which has scripts of its own')
})

t.test('pages of other origins are let in by name only', async (t) => {
  const preflight = { origin: 'https://ui.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
  const closed = await aService(t)
  t.equal((await closed.get('/api/lab', { origin: 'https://ui.example' })).headers['access-control-allow-origin'], undefined)
  t.match(await closed.call('OPTIONS' as 'GET', '/api/lab', undefined, preflight), { status: 405 })

  const open = await aService(t, { CORS_ORIGINS: 'https://ui.example,http://localhost:3000' })
  await open.post('/api/keys', { name: 'ada', scopes: ['admin'] })
  const asked = await open.call('OPTIONS' as 'GET', '/api/containers', undefined, preflight)
  t.match(asked, { status: 204, headers: { 'access-control-allow-origin': 'https://ui.example', 'access-control-allow-methods': /PATCH/ } }, 'which needs no key')
  const refused = await open.get('/api/lab', { origin: 'https://ui.example' })
  t.match(refused, { status: 401, headers: { 'access-control-allow-origin': 'https://ui.example', 'access-control-expose-headers': /ETag/ } }, 'the page can read why')
  t.equal(refused.headers['access-control-allow-credentials'], undefined)
  t.equal((await open.get('/api/lab', { origin: 'https://evil.example' })).headers['access-control-allow-origin'], undefined)
  const anybody = await aService(t, { CORS_ORIGINS: '*' })
  t.equal((await anybody.get('/api/lab', { origin: 'https://evil.example' })).headers['access-control-allow-origin'], '*')
})

t.test('who asks too often is told when to come back, others and probes are not', async (t) => {
  const service = await aService(t, { RATE_LIMIT_PER_MINUTE: '5' })
  const { body: { key } } = await service.post('/api/keys', { name: 'ada', scopes: ['admin'] })
  const ada = { authorization: `Bearer ${key}` }
  const statuses = async (headers: Record<string, string>) => await Promise.all(Array.from({ length: 12 }, async () => (await service.get('/api/lab', headers)).status))
  t.ok((await statuses({})).includes(429), 'strangers')
  t.ok((await statuses(ada)).includes(200), 'another has a count of their own')
  // both within one minute, or at the change to the next
  let limited = await service.get('/api/lab', ada)
  for (let more = 0; limited.status !== 429 && more < 12; more++) limited = await service.get('/api/lab', ada)
  t.match(limited, { status: 429, body: { code: 'too-many-requests', limit: 5 }, headers: { 'retry-after': /^\d+$/, 'content-type': /^application\/problem\+json/ } })
  for (let probe = 0; probe < 10; probe++) t.match(await service.get('/health/ready'), { status: 200 })
})

t.test('this machine is not limited unless it is said, and 0 is no limit', async (t) => {
  const service = await aService(t, { RATE_LIMIT_PER_MINUTE: '0' })
  t.same(new Set(await Promise.all(Array.from({ length: 30 }, async () => (await service.get('/api/keys/7')).status))), new Set([400]))
})

t.test('counts begin anew with the minute, and those of many callers take bounded memory', async (t) => {
  let time = 600_000
  const { countRequest } = rateLimiter(2, () => time)
  t.same([countRequest('a'), countRequest('a'), countRequest('a'), countRequest('b')], [0, 0, 60, 0])
  time += 59_500
  t.equal(countRequest('a'), 1)
  time += 500
  t.equal(countRequest('a'), 0)
  for (let caller = 0; caller < 20_000; caller++) countRequest(`caller ${caller}`)
  t.equal(countRequest('one more'), 60, 'they share a count')
  t.equal(countRequest('a'), 0, 'which those known do not')
})

async function aListener (t: Test, env: Record<string, string>) {
  const { log, lines } = aLog('trace')
  const config = readConfig({ DATABASE_URL: await aDatabase(t), ...env })
  const database = openDatabase(config.databaseUrl!, config, log)
  const app = await buildApp(config, { database, log })
  t.teardown(async () => {
    await app.close()
    await database.close()
  })
  return { address: new URL(await app.listen({ host: '127.0.0.1', port: 0 })), lines }
}

t.test('a request that does not arrive in time is told so', async (t) => {
  const { address } = await aListener(t, { REQUEST_TIMEOUT_MS: '300' })
  const socket = connect(Number(address.port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.write('POST /api/containers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"device"')
  const answer = await new Promise<string>((resolve) => {
    let received = ''
    socket.on('data', (chunk) => { received += chunk.toString() })
    socket.on('close', () => resolve(received))
  })
  t.match(answer, /^HTTP\/1\.1 408 .*application\/problem\+json.*"code":"request-timeout"/s)
})

t.test('no key is ever in the log, wherever it was put', async (t) => {
  const { address, lines } = await aListener(t, {})
  const json = { 'content-type': 'application/json' }
  const made = await fetch(`${address.origin}/api/keys`, { method: 'POST', headers: json, body: JSON.stringify({ name: 'ada', scopes: ['admin'] }) })
  const { key } = await made.json() as { key: string }
  const wrong = `ps_${'x'.repeat(43)}`
  for (const bearer of [key, wrong]) {
    const headers = { ...json, authorization: `Bearer ${bearer}` }
    await fetch(`${address.origin}/api/lab`, { headers })
    await fetch(`${address.origin}/api/lab?access_token=${bearer}`, { headers })
    await fetch(`${address.origin}/api/keys`, { method: 'POST', headers, body: JSON.stringify({ name: 'x', scopes: ['read'], key: bearer }) })
    await fetch(`${address.origin}/api/keys`, { method: 'POST', headers, body: `{"name": "${bearer}` })
  }
  while (lines.filter(({ msg }) => msg === 'request completed').length < 9) await new Promise((resolve) => setTimeout(resolve, 20))
  const said = JSON.stringify(lines)
  t.match(said, 'ps_***', 'where it stood in a URL')
  for (const secret of [key, key.slice(3), wrong, wrong.slice(3)]) t.notOk(said.includes(secret))
  t.match(lines.find(({ url }) => url === '/api/lab'), { actor: 'ada' }, 'but who it was')
})
