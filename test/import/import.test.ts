import pg from 'pg'
import t from 'tap'
import { aDatabase } from '../support/database.ts'
import { withoutReservations } from '../support/lab-state.ts'
import { anOldDatabase, imported, runImport } from '../support/old-databases.ts'
import { aServiceOn } from '../support/service.ts'

t.test('an orderly lab comes in whole: devices, places, lids, removed containers, runs, steps and a certificate', async (t) => {
  const url = await aDatabase(t)
  const report = await imported(url, await anOldDatabase(t, 'lab'))
  t.match(report.counts, {
    devices: { read: 4, added: 4 }, certificates: { added: 1 }, containers: { read: 3, added: 3 },
    processes: { added: 2 }, experiments: { added: 3 }, steps: { read: 72, added: 72, known: 0 }
  })
  t.strictSame(report.conflicts.filter(({ level }) => level !== 'note'), [], 'nothing had to be settled')

  const { get } = await aServiceOn(t, url)
  t.match((await get('/api/lab')).body, { totals: { devices: 4, positions: 11, occupied: 3, containers: 2, containers_removed: 1 } })
  t.match((await get('/api/containers/P1')).body, { device: 'Hotel', position: 0, starting_device: 'Hotel', starting_position: 0, lidded: true, labware_uuid: null })
  t.match((await get('/api/containers/P2')).body, { device: 'Hotel', position: 1, lidded: false, lid: { device: 'Hotel', position: 6 } })
  t.match((await get('/api/containers?barcode=P3&removed=true')).body.items, [{ device: null, starting_device: 'Hotel', starting_position: 2 }])
  t.match((await get('/api/devices/Reader/certificate')).text, /^-----BEGIN CERTIFICATE-----/)
  t.match((await get('/api/lab/health')).body, { healthy: true })
  const { items: experiments } = (await get('/api/experiments')).body
  t.strictSame(experiments.map(({ status, steps }: any) => [status, steps.total]).sort(), [['completed', 36], ['completed', 36], ['created', 0]],
    'what nobody works on any more is over, and what was never begun is not begun')
  t.match((await get('/api/processes?name=Screening')).body.items, [{ name: 'Screening' }])
})

t.test('a container has no labware type in the old system: the report says so, and health tells what does not fit once there is one', async (t) => {
  const url = await aDatabase(t)
  const report = await imported(url, await anOldDatabase(t, 'lab'))
  t.match(report.conflicts.find(({ kind }) => kind === 'labware-type-unknown'), { level: 'note', count: 2, settled: /lab health/ }, 'of those on the platform')
  const { get, put, patch } = await aServiceOn(t, url)
  await put('/api/labware-types/deep', { deep_well: true })
  const of = async () => (await get('/api/lab/health')).body.findings.filter(({ code }: { code: string }) => code === 'labware-does-not-fit')
  t.same(await of(), [])
  t.match(await patch('/api/containers/P1', { labware_type: 'deep' }), { status: 200, body: { warnings: [{ code: 'labware-does-not-fit' }] } })
  t.match(await of(), [{ device: 'Hotel', position: 0 }])
})

t.test('steps keep their times, their data and their container, and are no simulations', async (t) => {
  const url = await aDatabase(t)
  const report = await imported(url, await anOldDatabase(t, 'lab'))
  const { get } = await aServiceOn(t, url)
  const { items: [step] } = (await get('/api/steps?fct=absorbance&limit=1')).body
  t.match(step, {
    device: 'Reader', start: '2025-07-01T07:02:00.000Z', finish: '2025-07-01T07:02:40.000Z', duration_seconds: 40, status: 'completed',
    data: { fct: 'absorbance', method: '570 nm', duration: 30 }, is_simulation: false, containers: [{ barcode: 'P1' }], warnings: []
  })
  const { items: [move] } = (await get('/api/steps?kind=move&limit=1')).body
  t.match(move, {
    device: 'Arm', origin: { device: 'Hotel', position: 0 }, destination: { device: 'Reader', position: 0 },
    lidded_before: null, lidded_after: null, barcode_read: null
  }, 'what the old system says of every move is not taken for what was seen')
  t.match(report.conflicts.find(({ kind }) => kind === 'simulation-flag'), { level: 'note', count: 72 }, 'and the report says so')
})

t.test('estimates work right after', async (t) => {
  const url = await aDatabase(t)
  await imported(url, await anOldDatabase(t, 'lab'))
  const { post } = await aServiceOn(t, url)
  const { body: reading } = await post('/api/estimates', { step: { device: 'Reader', data: { fct: 'absorbance', method: '570 nm', duration: 30 } }, confidence: 0.9 })
  t.match(reading, { sample_size: 24, method: 'rank', level: 'parameters' })
  t.ok(reading.duration_seconds >= 50)
  const { body: carrying } = await post('/api/estimates', {
    step: { kind: 'move', device: 'Arm', origin: { device: 'Hotel' }, destination: { device: 'Reader' }, lidded_before: true, lidded_after: true, barcode_read: false }, confidence: 0.9
  })
  t.match(carrying, { sample_size: 24, level: 'pair' })
})

t.test('a second import adds only what is new, and changes nothing of what is known', async (t) => {
  const url = await aDatabase(t)
  const first = await anOldDatabase(t, 'lab')
  await imported(url, first)
  const service = await aServiceOn(t, url)
  await service.post('/api/containers/P1/move', { target_device: 'Washer', target_pos: 0 })
  const before = await everything(service)

  const again = await imported(url, first)
  t.match(again.counts, {
    devices: { added: 0, known: 4 }, containers: { added: 0, known: 3 }, processes: { added: 0, known: 2 }, experiments: { added: 0, known: 3 }, steps: { added: 0, known: 72 }
  })
  t.match(again.conflicts.find(({ kind }) => kind === 'container-differs-here')?.examples, [/"P1".*at Hotel 0 in the old database, at Washer 0 here/])
  t.strictSame(await everything(service), before)
  t.match(await service.get('/api/containers/P1'), { body: { device: 'Washer' } })

  const other = await imported(url, first, '--timezone', 'America/New_York', '--keep-simulation')
  t.match(other.counts.steps, { added: 0, known: 72 }, 'the same rows are known, whatever is asked of them')
})

t.test('a container that is missing here stays missing when it is imported again, and the report says so', async (t) => {
  const url = await aDatabase(t)
  const first = await anOldDatabase(t, 'lab')
  await imported(url, first)
  const service = await aServiceOn(t, url)
  await service.post('/api/arrangements', { reason: 'not in its slot', items: [], missing: ['P1', 'P2'] })
  const before = await everything(service)

  const again = await imported(url, first)
  t.strictSame(again.conflicts.find(({ kind }) => kind === 'container-differs-here')?.examples.map((example: string) => example.replace(/^.*: /, '')),
    ['at Hotel 0 in the old database, missing here', 'at Hotel 1, its lid off in the old database, missing, its lid off here'])
  t.strictSame(await everything(service), before)
  t.match(await service.get('/api/containers/P1'), { body: { device: null, missing_since: String, last_device: 'Hotel', last_position: 0 } })
})

t.test('a dry run tells the same counts and conflicts as the import, and writes nothing', async (t) => {
  const url = await aDatabase(t)
  const from = await anOldDatabase(t, 'conflicts')
  const service = await aServiceOn(t, url)
  const before = await everything(service)
  const dry = await imported(url, from, '--dry-run')
  t.strictSame(await everything(service), before)
  const done = await imported(url, from)
  for (const told of ['counts', 'conflicts', 'on_platform', 'moves', 'first_start', 'last_finish'] as const) t.strictSame(dry[told], done[told], told)
})

t.test('a dry run needs no database: without one it tells what an empty one would get, and makes none', async (t) => {
  const from = await anOldDatabase(t, 'lab')
  const { code, out } = await runImport(['--from', from, '--dry-run'], { DATA_DIR: `${from}-data` })
  t.equal(code, 0)
  t.match(out, /Nothing was written/)
  t.match(out, /steps +72 +72 +0/)
  const url = await aDatabase(t)
  // As if the database had no tables.
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET search_path = pg_temp`)
  await client.end()
  t.match((await imported(url, from, '--dry-run')).counts.steps, { added: 72 })
})

t.test('what the log says of the imported containers is what is there', async (t) => {
  const url = await aDatabase(t)
  await imported(url, await anOldDatabase(t, 'conflicts'))
  const { get } = await aServiceOn(t, url)
  const { items: containers } = (await get('/api/containers?removed=any&limit=500')).body
  for (const { created_at: _, updated_at: __, ...container } of containers) {
    const { items: history } = (await get(`/api/containers/${container.id}/history?limit=500`)).body
    const changes = history.filter(({ kind }: any) => kind !== 'step')
    t.strictSame(changes.map(({ kind }: any) => kind), container.removed_at === null ? ['added'] : ['added', 'removed'], container.name)
    t.match(changes.at(-1).to, { device: container.device, position: container.position, lidded: container.lidded, lid: container.lid, barcode: container.barcode })
    if (container.removed_at !== null && container.name !== 'HOMELESS') t.type(changes[0].to.device, 'string', 'the log keeps where it was last')
  }
})

t.test('the state as of the import is read from the log as it is', async (t) => {
  const url = await aDatabase(t)
  await imported(url, await anOldDatabase(t, 'conflicts'))
  const { get, post } = await aServiceOn(t, url)
  const { body: lab } = await get('/api/lab')
  await post('/api/containers/P1/move', { target_device: 'Slotless', target_pos: 0 })
  t.strictSame((await get(`/api/lab?at=${lab.revision}`)).body, withoutReservations(lab))
  t.match((await get(`/api/containers/P1?at=${lab.revision}`)).body, { device: 'Reader', position: 0 })
})

t.test('a slot that is promised to somebody is left alone', async (t) => {
  const url = await aDatabase(t)
  const { post, put, get } = await aServiceOn(t, url)
  await put('/api/lab/config', { sila_servers: { hotels: { Hotel: { capacity: 8 } } } })
  const { status } = await post('/api/reservations', { device: 'Hotel', purpose: 'container', owner: 'robot', ttl_seconds: 600 })
  t.equal(status, 201)
  const report = await imported(url, await anOldDatabase(t, 'lab'))
  t.match(report.conflicts.find(({ kind }) => kind === 'slot-taken-here'), { count: 1, examples: ['"P1" (container 1), Hotel 0'] })
  t.match((await get('/api/devices/Hotel/positions/0')).body, { empty: true })
})

async function everything ({ get }: { get (path: string): Promise<{ body: any }> }): Promise<unknown> {
  const { body: lab } = await get('/api/lab')
  const { body: steps } = await get('/api/steps?limit=500&count=true')
  const { body: containers } = await get('/api/containers?removed=any&limit=500')
  const { body: experiments } = await get('/api/experiments?limit=500')
  const { body: processes } = await get('/api/processes?limit=500')
  return { lab, steps, containers, experiments, processes }
}
