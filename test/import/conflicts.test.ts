import t from 'tap'
import type { ImportReport } from '../../src/import/report.ts'
import { aDatabase } from '../support/database.ts'
import { anOldDatabase, imported } from '../support/old-databases.ts'
import { aService, aServiceOn, type Service } from '../support/service.ts'

// one import, shared by all tests that only read
const lab = settled()

/** The lab after an import of the database that has every kind of conflict. */
async function settled (): Promise<Service & { report: ImportReport }> {
  const url = await aDatabase(t)
  const report = await imported(url, await anOldDatabase(t, 'conflicts'))
  return { ...await aServiceOn(t, url), report }
}

const of = ({ conflicts }: ImportReport, kind: string) => conflicts.find((conflict) => conflict.kind === kind)

t.test('whatever the old database holds, the lab is sound after', async (t) => {
  const { get, report } = await lab
  t.strictSame((await get('/api/lab/health')).body.findings.filter(({ severity }: any) => severity === 'error'), [])
  t.equal((await get('/api/steps?count=true&limit=1')).body.total, report.counts.steps.added)
  t.strictSame(report.conflicts.map(({ kind, count }) => `${kind} ${count}`), [
    'simulation-flag 91', 'step-status-unknown 91', 'constant-move-flags 49', 'local-times 91', 'constant-labware-uuid 7', 'labware-type-unknown 9', 'reported-per-container 1',
    'origin-is-destination 1', 'clock-change 2', 'device-twice 1', 'slots-differ 1', 'certificate-unusable 1', 'two-in-a-slot 2', 'place-gone 1',
    'starting-place-gone 2', 'barcode-twice 1', 'barcode-none 1', 'barcode-like-an-id 1', 'barcode-too-long 1', 'barcode-unusable 1',
    'lid-on-and-parked 1', 'lid-on-occupied-slot 1', 'container-project 1', 'process-name 1', 'process-source 1', 'id-missing 2',
    'experiment-process-gone 1', 'step-twice 1', 'step-device-gone 1', 'move-place-gone 1', 'step-container-gone 1', 'step-experiment-gone 1',
    'finish-before-start 1', 'data-no-object 2', 'data-no-json 1', 'data-number 1', 'data-text 1', 'data-too-large 1', 'fct-no-text 1',
    'time-unreadable 1', 'orphan-move 1', 'results 1'
  ], 'and every kind of conflict is told')
})

t.test('of two containers in a slot the one that a step saw last stays, the other is removed', async (t) => {
  const { get, report } = await lab
  t.match((await get('/api/devices/Hotel/positions/3')).body.occupant, { barcode: 'NEW' })
  t.match((await get('/api/containers?barcode=OLD&removed=true')).body.items, [{ device: null }])
  t.match(of(report, 'two-in-a-slot')?.examples, ['Reader 0: "P1" (container 1) stays, "ON_TWIN" (container 12) is removed', 'Hotel 3: "NEW" (container 5) stays, "OLD" (container 4) is removed'])
})

t.test('a device that was set up twice is one device, with what stood on either', async (t) => {
  const { get } = await lab
  t.strictSame((await get('/api/devices')).body.items.map(({ name, capacity }: any) => [name, capacity]), [['Arm', 0], ['Hotel', 8], ['Reader', 1], ['Slotless', 3], ['Washer', 2]])
  t.match((await get('/api/containers?barcode=ON_TWIN&removed=true')).body.items, [{ starting_device: 'Reader' }])
})

t.test('a barcode is once on the platform; what cannot be one is the container\'s name', async (t) => {
  const { get } = await lab
  t.match((await get('/api/containers/TWICE')).body, { device: 'Hotel', position: 5 }, 'the one that was added last')
  t.match((await get('/api/devices/Hotel/positions/4')).body.occupant, { barcode: null, name: 'TWICE' })
  t.match((await get('/api/devices/Washer/positions/0')).body.occupant, { barcode: null, name: /^container-/ }, 'the text None is no barcode')
  t.match((await get('/api/devices/Washer/positions/1')).body.occupant, { barcode: null, name: '0f9b1a52-5c6e-4b1c-9d0e-0d8a4f2f7c11' })
  t.match((await get('/api/devices/Hotel/positions/2')).body.occupant, { barcode: null, name: 'L'.repeat(200) })
  t.equal((await get('/api/containers?barcode=SPACED&removed=true')).body.items.length, 1)
})

t.test('a lid is in one place, and alone in its slot', async (t) => {
  const { get } = await lab
  t.match((await get('/api/containers/NEW')).body, { lidded: true, lid: null })
  t.match((await get('/api/devices/Washer/positions/0')).body.occupant, { lidded: false, lid: null }, 'where it lies is unknown')
})

t.test('a step of two plates is one step, and so is one that was kept twice', async (t) => {
  const { get } = await lab
  const { items } = (await get('/api/steps?fct=wash')).body
  t.strictSame(items.map(({ data, containers }: any) => [data.protocol, containers.map(({ barcode }: any) => barcode)]), [['3x', ['P1', 'P2']], ['5x', ['P1']]])
})

t.test('steps of what is gone are kept, under names that say so', async (t) => {
  const { get } = await lab
  const { items: [run] } = (await get('/api/steps?fct=run')).body
  t.match(run, { device: 'device 7 (gone)', containers: [{ id: null, named: 'container 15 (gone)' }] })
  const { items: [move] } = (await get('/api/steps?kind=move&destination_device=Hotel&started_after=2025-09-03T00:00:00Z')).body
  t.match(move, { origin: { device: 'device of slot 13 (gone)', position: null }, lidded_before: true, lidded_after: false, barcode_read: true })
  const { items: [store] } = (await get('/api/steps?fct=store')).body
  t.match(store, { experiment_id: null, experiment_named: 'experiment 5 (gone)' })
  t.match((await get('/api/experiments')).body.items.filter(({ process }: any) => process.name === 'process 4 (gone)').length, 1)
  t.match((await get('/api/containers/STRAY')).body, { device: 'Hotel', position: 0, starting_device: 'Hotel' })
  t.match((await get('/api/containers?barcode=HOMELESS&removed=true')).body.items, [{ starting_device: 'gone slots', starting_position: 0 }])
  t.equal((await get('/api/devices/gone%20slots')).status, 404, 'which is retired')
})

t.test('times that cannot be are settled so that no estimate learns from them', async (t) => {
  const { get } = await lab
  const { items: shaken } = (await get('/api/steps?fct=shake')).body
  t.match(shaken, [
    { start: '2025-09-02T07:00:00.000Z', finish: '2025-09-02T07:00:00.000Z', status: 'failed', warnings: [{ code: 'finish-before-start', detail: /2025-09-02 06:59:30/ }] },
    { start: '2025-10-25T23:50:00.000Z', finish: '2025-10-26T01:10:00.000Z', duration_seconds: 4800 },
    { start: '2025-10-26T00:50:00.000Z', finish: '2025-10-26T01:10:00.000Z', duration_seconds: 1200, status: 'completed' }
  ])
})

t.test('parameters that are no JSON object, or hold what cannot be stored, are kept in a form that can', async (t) => {
  const { get } = await lab
  const { items } = (await get('/api/steps?device=Reader&started_after=2025-09-01T10:59:00Z&started_before=2025-09-01T18:00:00Z')).body
  const { data: large } = items.pop()
  t.strictSame(items.map(({ data }: any) => data), [
    { fct: 'read', gain: null, serial: '12345678901234567890' }, { fct: 'read', note: 'a\uFFFDb' }, { value: ['no', 'object'] }, { value: null }, { fct: '["a","list"]' }
  ])
  t.match(large, { fct: 'read', text: /^\{"fct": "read", "image": "x{1000}/ })
  t.match((await get('/api/steps?device=Arm&kind=operation')).body.items, [{ data: { text: 'not json' } }])
})

t.test('the project of an experiment is in its metadata', async (t) => {
  const { get } = await lab
  t.match((await get('/api/experiments')).body.items.filter(({ metadata }: any) => metadata !== null), [{ metadata: { project: 'Cells', project_pi: 'Ada' } }])
})

t.test('what the lab has already stays as it is: devices, what stands in slots, barcodes and certificates', async (t) => {
  const service = await aService(t)
  const { get, put, post, url } = service
  await put('/api/lab/config', { sila_servers: { hotels: { Hotel: { capacity: 4 } }, readers: { Reader: { capacity: 1 }, Old: { capacity: 1 } }, washers: { Washer: { capacity: 2 } } } })
  await put('/api/lab/config', { sila_servers: { hotels: { Hotel: { capacity: 4 } }, readers: { Reader: { capacity: 1 } }, washers: { Washer: { capacity: 2 } } } })
  await post('/api/containers', { device: 'Reader', position: 0, barcode: 'HERE' })
  await post('/api/containers', { device: 'Washer', position: 0, barcode: 'P2' })
  await post('/api/steps', { device: 'Arm', start: '2026-01-01T00:00:00Z', finish: '2026-01-01T00:00:01Z' })
  const report = await imported(url, await anOldDatabase(t, 'lab'))
  t.match((await get('/api/devices')).body.items.map(({ name, group, capacity }: any) => `${group} ${name} ${capacity}`), ['devices Arm 0', 'hotels Hotel 4', 'readers Reader 1', 'washers Washer 2'])
  t.match(of(report, 'device-differs-here')?.examples, ['"Hotel" has 8 slots in the old database, 4 here'])
  t.match(of(report, 'barcode-in-use-here')?.count, 1)
  t.match((await get('/api/devices/Hotel/positions/1')).body.occupant, { barcode: null, name: 'P2', lidded: false, lid: null })
  t.match(of(report, 'lid-place-gone')?.count, 1)
  t.equal((await get('/api/containers/HERE')).body.device, 'Reader')
  t.match(report.counts.devices, { added: 1, known: 3 })
})
