import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { type Answer, aService, type Service } from '../support/service.ts'

async function made (answer: Promise<Answer>): Promise<any> {
  const { status, body, text } = await answer
  if (status >= 300) throw new Error(text)
  return body
}

/** Another command, which has the lab lock until the end of its transaction. */
async function aHolder (t: Test, { url }: Service): Promise<pg.Client> {
  const holder = new pg.Client(url)
  await holder.connect()
  t.teardown(() => holder.end())
  await holder.query('BEGIN')
  await holder.query('SELECT lock_lab()')
  return holder
}

async function untilItWaits (t: Test, holder: pg.Client): Promise<void> {
  for (let look = 0; look < 500; look++, await sleep(20)) {
    // A transaction sees the activity as it was at its first look.
    await holder.query('SELECT pg_stat_clear_snapshot()')
    const { rows } = await holder.query('SELECT query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = $1', ['Lock'])
    if (rows.length > 0) {
      t.match(rows, [{ query: 'SELECT lock_lab()' }])
      return
    }
  }
  t.fail('no command waits for the lab lock')
}

async function pagesOf (holder: pg.Client, table: string): Promise<number> {
  const { rows: [size] } = await holder.query('SELECT pg_relation_size($1::regclass) / 8192 AS pages', [table])
  return Number(size.pages)
}

const labFile = (capacity: number) => ({ sila_servers: { storage: { Hotel: { capacity }, Small: { capacity: 2 } } } })

const commands = {
  'a lab file': (service: Service) => service.put('/api/lab/config', labFile(10_000)),
  'a new device': (service: Service) => service.post('/api/devices', { name: 'Hotel', capacity: 10_000 }),
  'a device that grows': (service: Service) => service.patch('/api/devices/Shelf', { capacity: 10_000 })
}

for (const [name, command] of Object.entries(commands)) {
  t.test(`${name} adds its slots before it has the lab lock`, async (t) => {
    const service = await aService(t)
    await made(service.post('/api/devices', { name: 'Shelf', capacity: 1 }))
    const holder = await aHolder(t, service)
    const before = await pagesOf(holder, 'position')
    const answer = command(service)
    await untilItWaits(t, holder)
    t.ok(await pagesOf(holder, 'position') > before + 50, 'the slots are there')
    t.match((await holder.query('SELECT count(*)::int AS count FROM position')).rows, [{ count: 1 }], 'nobody sees them')
    t.equal((await holder.query('SELECT count(*)::int AS count FROM device')).rows[0].count, 1)
    await holder.query('COMMIT')
    t.ok([200, 201].includes((await answer).status), (await answer).text)
    const { body } = await service.get('/api/lab')
    const { positions } = body.devices.find((device: { name: string }) => device.name === (name === 'a device that grows' ? 'Shelf' : 'Hotel'))
    t.equal(positions, 10_000)
  })
}

t.test('slots that go, and come back, do so before the lab lock, too', async (t) => {
  const service = await aService(t)
  await made(service.put('/api/lab/config', labFile(5000)))
  await made(service.post('/api/containers', { barcode: 'P1', device: 'Hotel', position: 4000 }))
  t.match(await service.put('/api/lab/config', labFile(10)), { status: 409, body: { code: 'slots-occupied', occupied: [{ device: 'Hotel', position: 4000 }] } })
  t.match(await made(service.get('/api/lab')), { totals: { positions: 5002 } })
  await made(service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 1 }))
  for (const capacity of [10, 5000]) {
    const holder = await aHolder(t, service)
    const before = await pagesOf(holder, 'position')
    const answer = service.put('/api/lab/config', labFile(capacity))
    await untilItWaits(t, holder)
    t.ok(await pagesOf(holder, 'position') > before + 20, 'the slots are written')
    await holder.query('COMMIT')
    await made(answer)
    t.match(await made(service.get('/api/lab')), { totals: { positions: capacity + 2 } })
  }
})

t.test('a plate that is put into a slot while it is dropped keeps the slot', async (t) => {
  const service = await aService(t)
  await made(service.put('/api/lab/config', labFile(2000)))
  await made(service.post('/api/containers', { barcode: 'P1', device: 'Small', position: 0 }))
  const answers = await Promise.all([
    service.put('/api/lab/config', labFile(1)),
    ...[1500, 1600, 1700].map((target_pos) => service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos }))
  ])
  t.ok(answers.every(({ status }) => [200, 404, 409].includes(status)), answers.map(({ text }) => text).join('\n'))
  const { device } = await made(service.get('/api/containers/P1'))
  const { totals } = await made(service.get('/api/lab'))
  t.equal(totals.positions, device === 'Hotel' ? 2002 : 3)
  t.match(await made(service.get('/api/lab/health')), { healthy: true })
})

t.test('a device whose slots were added ahead is like any other', async (t) => {
  const service = await aService(t)
  await made(service.put('/api/lab/config', labFile(2000)))
  const large = await made(service.get('/api/devices/Hotel'))
  const small = await made(service.get('/api/devices/Small'))
  t.match(large, { name: 'Hotel', group: 'storage', listed: true, retired_at: null, version: small.version, created_at: small.created_at })
  const { items } = await made(service.get('/api/events?kind=device-added'))
  t.equal(items.length, 2)
  t.same(items.map(({ before }: { before: unknown }) => before), [null, null])
  await made(service.put('/api/lab/config', labFile(1000)))
  await made(service.put('/api/lab/config', labFile(2000)))
  t.match(await made(service.get('/api/lab')), { totals: { positions: 2002 } })
})

t.test('a command that has the lab lock does not wait for one that needs it next', async (t) => {
  const service = await aService(t)
  await made(service.put('/api/lab/config', labFile(2000)))
  const holder = await aHolder(t, service)
  const answer = service.put('/api/lab/config', labFile(1))
  await untilItWaits(t, holder)
  await t.rejects(holder.query('SELECT FROM position WHERE slot_number = 1999 FOR KEY SHARE'), { code: '55P03' })
  await holder.query('ROLLBACK')
  t.match(await answer, { status: 200, body: { changes: [{ device: 'Hotel', action: 'shrink' }] } })
})

t.test('a command whose slot somebody holds for long is tried again, and holds up nobody meanwhile', async (t) => {
  const service = await aService(t)
  await made(service.put('/api/lab/config', labFile(10)))
  for (const barcode of ['P1', 'P2']) await made(service.post('/api/containers', { barcode, device: 'Hotel' }))
  const holder = new pg.Client(service.url)
  await holder.connect()
  t.teardown(() => holder.end())
  await holder.query('BEGIN')
  await holder.query('SELECT FROM position WHERE slot_number = 5 FOR UPDATE')
  const held = service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 5 })
  const order: string[] = []
  void held.then(() => order.push('the held one'))
  for (let slot = 6; slot < 10; slot++) await made(service.post('/api/containers/P2/move', { target_device: 'Hotel', target_pos: slot }))
  await sleep(1000)
  order.push('the end of the lock')
  await holder.query('ROLLBACK')
  t.match(await held, { status: 200, body: { container: { position: 5 } } })
  t.same(order, ['the end of the lock', 'the held one'])
})

t.test('what others changed before the lab lock counts', async (t) => {
  const service = await aService(t)
  const holder = await aHolder(t, service)
  const answer = service.put('/api/lab/config', labFile(1000))
  await untilItWaits(t, holder)
  await holder.query('INSERT INTO device_group (name) VALUES ($1)', ['storage'])
  await holder.query(
    'INSERT INTO device (id, name, "group", capacity) VALUES ($1, $2, $3, 5)', ['018f0000-0000-7000-8000-000000000001', 'Hotel', 'storage'])
  await holder.query('COMMIT')
  t.match(await answer, { status: 200, body: { changes: [{ device: 'Hotel', action: 'grow', capacity: { from: 5, to: 1000 } }, { device: 'Small', action: 'add' }] } })
  t.match(await made(service.get('/api/devices/Hotel')), { id: '018f0000-0000-7000-8000-000000000001' })
  t.equal((await holder.query('SELECT count(*)::int AS count FROM device')).rows[0].count, 2, 'nothing is left of the first attempt')
})

t.test('small devices that are added while large ones wait for the lab stop nobody', async (t) => {
  const service = await aService(t)
  const answers = await Promise.all(['Hotel', 'Small', 'Shelf', 'Hotel', 'Small'].flatMap((name) => [
    service.put('/api/lab/config?prune=false', labFile(5000)),
    service.post('/api/devices', { name, capacity: 2 }),
    service.post('/api/steps', { device: name, start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:01:00Z' })
  ]))
  t.same(answers.filter(({ status }) => ![200, 201, 409].includes(status)).map(({ text }) => text), [])
  t.match(await made(service.get('/api/lab/health')), { healthy: true })
})

t.test('two commands that add the same slots make them once', async (t) => {
  const service = await aService(t)
  const body = { id: '018f0000-0000-7000-8000-000000000002', name: 'Hotel', capacity: 5000 }
  const answers = await Promise.all([1, 2, 3].map(() => service.post('/api/devices', body)))
  t.same(answers.map(({ status }) => status).sort(), [200, 200, 201])
  const files = await Promise.all([1, 2, 3].map(() => service.put('/api/lab/config', labFile(9000))))
  t.same(files.map(({ status }) => status), [200, 200, 200])
  t.match(await made(service.get('/api/lab')), { totals: { positions: 9002 } })
})

t.test('a refused lab file leaves nothing', async (t) => {
  const service = await aService(t)
  await made(service.put('/api/lab/config', labFile(3)))
  await made(service.post('/api/containers', { barcode: 'P1', device: 'Small', position: 1 }))
  const file = { sila_servers: { storage: { Hotel: { capacity: 5000 }, Small: { capacity: 1 } } } }
  t.match(await service.put('/api/lab/config', file), { status: 409, body: { code: 'slots-occupied' } })
  t.match(await made(service.get('/api/lab')), { totals: { positions: 5 } })
})
