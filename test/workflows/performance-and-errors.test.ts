import { randomUUID } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { aLab, aService } from '../support/service.ts'
import { at } from '../support/times.ts'

// The sections "Performance Optimization" and "Best Practices" of the documented workflows; each test is named after the heading that it follows.

const batch = Array.from({ length: 100 }, (_, i) => ({
  device: 'Storage', position: i, barcode: `BATCH_${String(i).padStart(3, '0')}`, lidded: true, labware_uuid: '00000000-0000-0000-0000-000000000000'
}))

t.test('Bulk Operations', async (t) => {
  const service = await aLab(t, { Storage: 101 })

  t.test('one bad container undoes all', async (t) => {
    const containers = batch.map((container, i) => i === 57 ? { ...container, barcode: 'BATCH_003' } : container)
    t.match(await service.post('/api/containers/batch', { containers }), { status: 409, body: { code: 'barcode-in-use', index: 57 } })
    t.equal((await service.get('/api/containers?removed=any')).body.items.length, 0)
    t.equal((await service.get('/api/devices/Storage/positions?empty=true')).body.length, 101)
  })

  t.test('a hundred containers are added at once', async (t) => {
    const added = await service.post('/api/containers/batch', { containers: batch })
    t.equal(added.status, 201)
    t.strictSame(added.body.items.map(({ barcode }: { barcode: string }) => barcode), batch.map(({ barcode }) => barcode))
    t.match(await service.get('/api/containers/BATCH_099'), { body: { device: 'Storage', position: 99, starting_position: 99, removed_at: null } })
    t.match(await service.get('/api/devices/Storage/positions?empty=true&limit=1'), { body: [{ position: 100 }] })
  })
})

t.test('Caching Container Locations', async (t) => {
  const service = await aLab(t, { Hotel: 3 })
  await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'PLATE001' })
  const first = await service.get('/api/containers/PLATE001')
  const etag = String(first.headers.etag)

  const again = await service.get('/api/containers/PLATE001', { 'if-none-match': etag })
  t.equal(again.status, 304, 'what a client has is still true')
  t.equal(again.text, '')

  await service.post('/api/containers/PLATE001/move', { target_device: 'Hotel', target_pos: 2 })
  const moved = await service.get('/api/containers/PLATE001', { 'if-none-match': etag })
  t.match(moved, { status: 200, body: { device: 'Hotel', position: 2 } }, 'a move makes it old')
  t.not(moved.headers.etag, etag)
})

t.test('Database Connection Pooling', async (t) => {
  const service = await aService(t, { DATABASE_POOL_MAX: '3', DATABASE_CONNECT_TIMEOUT_MS: '10000' })
  await service.put('/api/lab/config', { sila_servers: { storage: { Hotel: { capacity: 60 } } } })
  t.match(await service.get('/health/ready'), { status: 200, body: { pool: { max: 3 } } })

  const witness = new pg.Client({ connectionString: service.url, application_name: 'witness' })
  await witness.connect()
  const connections = "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'witness'"
  const shown: { open: number, waiting: number }[] = []
  let most = 0
  let answered = 0
  const requests = Array.from({ length: 50 }, async (_, i) => {
    const [{ status }, ready] = await Promise.all([service.post('/api/containers', { device: 'Hotel', barcode: `P${i}` }), service.get('/health/ready')])
    shown.push(ready.body.pool)
    answered++
    return status
  })
  while (answered < requests.length) most = Math.max(most, (await witness.query<{ count: number }>(connections)).rows[0]!.count)
  await witness.end()

  t.strictSame(new Set(await Promise.all(requests)), new Set([201]), 'every one of fifty parallel requests is served')
  t.ok(most >= 1 && most <= 3, `the database saw ${most} connections at most`)
  t.equal(Math.max(...shown.map(({ open }) => open)), 3, 'health tells that all three were used')
  t.ok(shown.some(({ waiting }) => waiting > 0), 'and that requests waited for one')
})

t.test('Error Handling', async (t) => {
  const service = await aLab(t, { PlateReader: 1 })

  t.test('whatever is created with an id of its own can be sent again after a lost answer', async (t) => {
    const process = { id: randomUUID(), name: 'Cell Screening', source: 'read' }
    const experiment = { id: randomUUID(), process_id: process.id }
    const container = { id: randomUUID(), device: 'PlateReader', position: 0, barcode: 'PLATE001' }
    const step = {
      id: randomUUID(), device: 'PlateReader', data: { fct: 'absorbance' }, start: at(0), finish: at(40), experiment_id: experiment.id, containers: ['PLATE001']
    }
    for (const [path, thing] of Object.entries({ processes: process, experiments: experiment, containers: container, steps: step })) {
      t.match(await service.post(`/api/${path}`, thing), { status: 201, body: { id: thing.id } }, path)
      t.match(await service.post(`/api/${path}`, thing), { status: 200, body: { id: thing.id } }, `${path} again`)
      t.equal((await service.get(`/api/${path}`)).body.items.length, 1, `${path} has one`)
    }
  })

  t.test('a step of an unknown device with unknown labware is kept, with warnings', async (t) => {
    const logged = await service.post('/api/steps', {
      device: 'Reader9', data: { fct: 'absorbance' }, start: at(100), finish: at(140), containers: ['PLATE404'], experiment_id: randomUUID()
    })
    t.equal(logged.status, 201)
    t.strictSame(logged.body.warnings.map(({ code, pointer }: Record<string, string>) => [code, pointer]).sort(), [
      ['unknown-container', '/containers/0'], ['unknown-device', '/device'], ['unknown-experiment', '/experiment_id']
    ])
    t.match(await service.get('/api/steps?device=Reader9'), { body: { items: [{ id: logged.body.id, duration_seconds: 40 }] } })
  })
})
