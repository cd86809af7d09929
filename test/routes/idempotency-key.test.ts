import pg from 'pg'
import t from 'tap'
import { pruneIdempotencyKeys } from '../../src/store/idempotency.ts'
import { aCertificate } from '../support/certificate.ts'
import { aLab, type Service } from '../support/service.ts'

const withKey = (key: string) => ({ 'idempotency-key': key })
const plate = { device: 'Hotel', barcode: 'P1', lidded: true }

async function revisionOf (service: Service): Promise<number> {
  return (await service.get('/api/lab')).body.revision
}

/** A second connection whose open transaction holds an idempotency key, as a running request does. */
async function heldElsewhere (service: Service, run: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: service.url })
  await client.connect()
  try {
    await client.query('BEGIN')
    await run(client)
  } finally {
    await client.end()
  }
}

t.test('a request repeated with its key changes nothing more, and answers what it answered', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1 })
  const first = await service.post('/api/containers', plate, withKey('create-1'))
  t.equal(first.status, 201)
  t.notOk(first.headers['idempotency-replayed'])
  const before = await revisionOf(service)

  const again = await service.post('/api/containers', plate, withKey('create-1'))
  t.equal(again.status, 201)
  t.equal(again.headers['idempotency-replayed'], 'true')
  t.equal(again.text, first.text, 'byte for byte')
  t.equal(again.headers.location, first.headers.location)
  t.equal(again.headers['content-type'], first.headers['content-type'])
  t.equal(await revisionOf(service), before)
})

t.test('a move that is retried after the plate was carried on does not carry it back', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1 })
  await service.post('/api/containers', plate)
  const move = { target_device: 'Washer', target_pos: 0 }
  const moved = await service.post('/api/containers/P1/move', move, withKey('m1'))
  await service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 3 }, withKey('m2'))
  const retried = await service.post('/api/containers/P1/move', move, withKey('m1'))
  t.equal(retried.text, moved.text)
  t.match((await service.get('/api/containers/P1')).body, { device: 'Hotel', position: 3 })
})

t.test('every kind of write takes a key: lab file, device, certificate, process, experiment, step, batch, delete', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  const start = '2026-03-02T09:00:00Z'
  const finish = '2026-03-02T09:01:00Z'
  const process = await service.post('/api/processes', { name: 'p', source: 's' }, withKey('k'))
  const experiment = await service.post('/api/experiments', { process_id: process.body.id }, withKey('k'))
  const step = await service.post('/api/steps', { device: 'Hotel', start, experiment_id: experiment.body.id }, withKey('k'))
  const writes: [Parameters<Service['call']>[0], string, unknown?][] = [
    ['PUT', '/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 4 }, Reader: { capacity: 1 } } } }],
    ['POST', '/api/devices', { name: 'Washer', capacity: 1 }],
    ['PATCH', '/api/devices/Washer', { capacity: 2 }],
    ['PATCH', '/api/devices/Washer/positions/1', { deep_well_suited: true }],
    ['DELETE', '/api/devices/Washer'],
    ['POST', '/api/processes', { name: 'q', source: 's', reuse: true }],
    ['PATCH', `/api/experiments/${experiment.body.id}`, { status: 'completed' }],
    ['POST', `/api/steps/${step.body.id}/finish`, { finish }],
    ['PATCH', `/api/steps/${step.body.id}`, { reason: 'clock', start: '2026-03-02T09:00:01Z' }],
    ['POST', '/api/steps/batch', { steps: [{ device: 'Hotel', start, finish }, { device: 'Nowhere', start, finish }] }],
    ['POST', '/api/containers/batch', { containers: [{ device: 'Hotel' }, { device: 'Hotel' }] }],
    ['DELETE', `/api/processes/${process.body.id}`],
    ['DELETE', '/api/lab?confirm=wipe']
  ]
  for (const [method, path, body] of writes) {
    const first = await service.call(method, path, body, withKey('once'))
    t.ok(first.status < 300, `${method} ${path} answers ${first.status}: ${first.text.slice(0, 200)}`)
    const before = await revisionOf(service)
    const again = await service.call(method, path, body, withKey('once'))
    t.strictSame([again.status, again.text, again.headers['idempotency-replayed']], [first.status, first.text, 'true'], `${method} ${path} again`)
    t.equal(await revisionOf(service), before, `${method} ${path} changed nothing more`)
  }
})

t.test('an answer without a body is given again without one', async (t) => {
  const service = await aLab(t, { Hotel: 1 })
  const headers = { 'content-type': 'application/x-pem-file', ...withKey('c') }
  for (const replayed of [undefined, 'true']) {
    const answer = await service.put('/api/devices/Hotel/certificate', aCertificate, headers)
    t.match(answer, { status: 204, text: '' })
    t.equal(answer.headers['idempotency-replayed'], replayed)
  }
  t.equal((await service.get('/api/devices/Hotel/certificate')).text, aCertificate)
})

t.test('the same key with another body or query is a mistake, and changes nothing', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  await service.post('/api/containers', plate, withKey('k'))
  t.match(await service.post('/api/containers', { ...plate, barcode: 'P2' }, withKey('k')), { status: 422, body: { code: 'idempotency-key-reused' } })
  t.equal((await service.get('/api/containers?count=true')).body.total, 1)
  const file = { sila_servers: { devices: { Hotel: { capacity: 5 } } } }
  t.equal((await service.put('/api/lab/config?dry_run=true', file, withKey('f'))).status, 200)
  t.equal((await service.put('/api/lab/config', file, withKey('f'))).status, 422)
})

t.test('null is not the same as nothing: a PATCH clears with it', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  await service.post('/api/containers', { ...plate, content: 'MTT' })
  t.equal((await service.patch('/api/containers/P1', { filled: false }, withKey('k'))).status, 200)
  t.equal((await service.patch('/api/containers/P1', { filled: false, content: null }, withKey('k'))).status, 422)
})

t.test('members in another order are the same request, and the header may be quoted', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  const first = await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' }, withKey('"a-b"'))
  t.equal((await service.post('/api/containers', { barcode: 'P1', device: 'Hotel' }, withKey('a-b'))).text, first.text)
})

t.test('a key belongs to its path and method: elsewhere it is another', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1 })
  await service.post('/api/containers', plate, withKey('k'))
  t.equal((await service.post('/api/containers/P1/move', { target_device: 'Washer' }, withKey('k'))).status, 200)
  t.equal((await service.delete('/api/containers/P1', withKey('k'))).status, 200)
})

t.test('a refusal is not stored: the request may succeed later with its key', async (t) => {
  const service = await aLab(t, { Hotel: 1, Washer: 1 })
  await service.post('/api/containers', plate)
  const input = { device: 'Hotel', position: 0, barcode: 'P2' }
  t.match(await service.post('/api/containers', input, withKey('k')), { status: 409, body: { code: 'position-occupied' } })
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  t.equal((await service.post('/api/containers', input, withKey('k'))).status, 201)
})

t.test('while the first request runs, a second is told to wait', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  await heldElsewhere(service, async (client) => {
    // the one that got the key waits for the lab's row
    await client.query('SELECT lock_lab()')
    const both = [1, 2].map(() => service.post('/api/containers', plate, withKey('k')))
    const told = await Promise.race(both)
    t.match(told, { status: 409, body: { code: 'idempotency-key-running' } })
    t.ok(told.headers['retry-after'])
    await client.query('ROLLBACK')
    t.strictSame((await Promise.all(both)).map(({ status }) => status).sort(), [201, 409])
  })
  t.equal((await service.post('/api/containers', plate, withKey('k'))).headers['idempotency-replayed'], 'true')
  t.equal((await service.get('/api/containers?count=true')).body.total, 1)
})

t.test('keys are kept for 24 hours, then deleted beside the requests', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  await service.post('/api/containers', plate, withKey('old'))
  await service.post('/api/containers', { ...plate, barcode: 'P2' }, withKey('older'))
  const { pool } = service.app.database
  await pool.query("UPDATE idempotency_key SET created_at = created_at - interval '25 hours'")
  t.match(await service.post('/api/containers', plate, withKey('old')), { status: 409, body: { code: 'barcode-in-use' } }, 'forgotten: it is a new request')
  await service.post('/api/containers', { device: 'Hotel' }, withKey('new'))
  await service.app.learner.learnNow()
  const { rows } = await pool.query('SELECT count(*)::int AS count FROM idempotency_key')
  t.strictSame(rows, [{ count: 1 }])
})

t.test('a large response is stored compressed, and comes back as it was', async (t) => {
  const service = await aLab(t, { Hotel: 400 })
  const containers = Array.from({ length: 400 }, (_, n) => ({ device: 'Hotel', barcode: `Plätte-${n}`, content: 'MTT' }))
  const first = await service.post('/api/containers/batch', { containers }, withKey('large'))
  const again = await service.post('/api/containers/batch', { containers }, withKey('large'))
  t.match(again, { status: 201, headers: { 'idempotency-replayed': 'true' } })
  t.equal(again.text, first.text)
  const { rows: [kept] } = await service.query('SELECT body, octet_length(body_gzip) AS bytes FROM idempotency_key')
  t.equal(kept.body, null)
  t.ok(first.text.length > 65_536 && kept.bytes < first.text.length / 5, `${first.text.length} became ${kept.bytes}`)
})

t.test('of an actor that keeps too much the oldest is forgotten, and nothing of the others', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  const { pool } = service.app.database
  await pool.query(`INSERT INTO idempotency_key (digest, request_digest, status, headers, body, actor, created_at)
    SELECT actor || n, 'x', 200, '{}', repeat('a', 1000), nullif(actor, ''), clock_timestamp() - n * interval '1 minute' FROM generate_series(1, 9) n, unnest(ARRAY['ada', 'robot', '']) actor WHERE actor <> 'robot' OR n < 3`)
  const kept = async () => (await pool.query("SELECT string_agg(digest, ' ' ORDER BY digest) AS digests FROM idempotency_key")).rows[0].digests as string
  const prune = async (most: { kept: number, bytes: number }) => { const client = await pool.connect(); try { return await pruneIdempotencyKeys(client, most) } finally { client.release() } }
  t.equal(await prune({ kept: 9, bytes: 100_000 }), 0)
  t.equal(await prune({ kept: 5, bytes: 100_000 }), 8)
  t.equal(await kept(), '1 2 3 4 5 ada1 ada2 ada3 ada4 ada5 robot1 robot2')
  t.equal(await prune({ kept: 5, bytes: 4 * 1200 }), 2)
  t.equal(await kept(), '1 2 3 4 ada1 ada2 ada3 ada4 robot1 robot2')
})

t.test('what cannot be a key is refused before anything is done', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  for (const key of ['', ' ', 'two words', '"open', 'clo"se', 'ü', 'x'.repeat(256), '""']) {
    const answer = await service.post('/api/containers', plate, withKey(key))
    t.match(answer, { status: 400, body: { code: 'invalid-request', errors: [{ in: 'headers', parameter: 'Idempotency-Key' }] } }, JSON.stringify(key.slice(0, 20)))
  }
  t.equal((await service.get('/api/containers?count=true')).body.total, 0)
})
