import { request } from 'node:http'
import t from 'tap'
import { networkOf } from '../../src/plugins/rate-limit.ts'
import { aLab } from '../support/service.ts'

const json = { 'content-type': 'application/json' }
const filled = (bytes: number): string => JSON.stringify({ steps: [], name: 'x'.repeat(bytes) })

t.test('only batches, lab files and sources may be large', async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  const mib = 1_048_576
  const limits = { '/api/steps': mib, '/api/estimates': mib, '/api/containers': mib, '/api/moves': mib, '/api/estimates/batch': 4 * mib, '/api/steps/batch': 16 * mib, '/api/containers/batch': 16 * mib, '/api/processes': 16 * mib }
  for (const [path, limit] of Object.entries(limits)) {
    t.match(await lab.call('POST', path, filled(limit), json), { status: 413, body: { code: 'body-too-large', limit } }, `${path} refuses more than ${limit} bytes`)
    t.match(await lab.call('POST', path, filled(limit - 100), json), { status: 400 }, `${path} reads less`)
  }
  const small = await aLab(t, { Hotel: 2 }, { BODY_LIMIT_BYTES: '2000' })
  t.match(await small.call('POST', '/api/steps/batch', filled(2000), json), { status: 413, body: { limit: 2000 } }, 'BODY_LIMIT_BYTES holds for all')
})

t.test('bodies that do not arrive do not fill the memory, and others of their size are told', { timeout: 60_000 }, async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  const url = await lab.listen()
  const stalled = Array.from({ length: 4 }, () => {
    const sent = request(`${url}/api/steps/batch`, { method: 'POST', headers: { ...json, 'content-length': 2_000_000 } })
    sent.on('error', () => {})
    sent.write('{"steps":[')
    return sent
  })
  await new Promise((resolve) => { setTimeout(resolve, 200) })
  t.match(await lab.call('POST', '/api/steps/batch', filled(2_000_000), json), { status: 503, body: { code: 'too-busy' } })
  t.equal((await lab.post('/api/containers', { device: 'Hotel' })).status, 201, 'small ones go on')
  for (const one of stalled) one.destroy()
  t.equal((await lab.call('POST', '/api/steps/batch', filled(2_000_000), json)).status, 400, 'who hangs up frees the place')
})

t.test('an Idempotency-Key means nothing to a call that only reads', async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  const count = async () => (await lab.query('SELECT count(*)::int AS count FROM idempotency_key')).rows[0].count as number
  for (const device of ['Hotel', 'Washer']) {
    t.match(await lab.post('/api/estimates', { step: { device } }, { 'idempotency-key': 'one' }), { status: 200, headers: { 'idempotency-replayed': undefined } })
  }
  t.equal((await lab.post('/api/estimates/batch', { steps: [{ device: 'Hotel' }] }, { 'idempotency-key': 'one' })).status, 200)
  t.equal(await count(), 0, 'nothing is stored')
  for (const path of ['/api/estimates', '/api/containers']) {
    t.match(await lab.post(path, { step: { device: 'Hotel' }, device: 'Hotel' }, { 'idempotency-key': 'x'.repeat(256) }), { status: 400, body: { errors: [{ parameter: 'Idempotency-Key' }] } })
  }
})

t.test('an IPv6 network of one customer counts as one address', async (t) => {
  t.equal(networkOf('2001:db8:0:1::7'), networkOf('2001:db8::1:aaaa:bbbb:cccc:dddd'))
  t.equal(networkOf('2001:0DB8:0000:0001:1:2:3:4'), networkOf('2001:db8:0:1::7'))
  t.not(networkOf('2001:db8:0:2::7'), networkOf('2001:db8:0:1::7'))
  t.equal(networkOf('::1'), networkOf('::2'))
  t.equal(networkOf('10.0.0.7'), '10.0.0.7')
  t.equal(networkOf('::ffff:10.0.0.7'), '::ffff:10.0.0.7')
})

t.test('behind a proxy that TRUST_PROXY names, the addresses of the clients are counted, and its pages are own pages', async (t) => {
  const env = { RATE_LIMIT_PER_MINUTE: '20' }
  const behind = await aLab(t, { Hotel: 1 }, { ...env, TRUST_PROXY: '127.0.0.1' })
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const statuses = await Promise.all(Array.from({ length: 45 }, async () => (await behind.get('/api/devices/Hotel', from('198.51.100.1'))).status))
  t.ok(statuses.includes(429))
  t.equal((await behind.get('/api/devices/Hotel', from('198.51.100.2'))).status, 200, 'another client has a count of its own')
  const page = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'status.lab.example', origin: 'https://status.lab.example' }
  t.equal((await behind.get('/api/devices/Hotel', { ...from('198.51.100.3'), ...page })).status, 200)
  const alone = await aLab(t, { Hotel: 1 })
  t.equal((await alone.get('/api/devices/Hotel', page)).status, 403, 'anybody can send these headers')
})
