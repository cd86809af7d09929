import t, { type Test } from 'tap'
import { aLab, aService, type Service } from '../support/service.ts'

const reason = 'the lab was wiped by mistake'
const file = {
  sila_servers: { storage: { Hotel: { capacity: 4, zoom: { b: 1, a: 2 } }, Lids: { capacity: 4 } }, readers: { Reader: { capacity: 1, type: 'reader' } } },
  description: ['a lab'], pythonlab_translation: { storage: 'Storage', readers: 'Reader' }, owner: 'us'
}

async function aFullLab (t: Test): Promise<Service> {
  const service = await aService(t)
  await service.put('/api/lab/config', file)
  for (const plate of [
    { device: 'Hotel', position: 0, barcode: 'P0', lidded: true, content: 'cells' }, { device: 'Hotel', position: 3, barcode: 'P1', lid: { device: 'Lids', position: 2 } },
    { device: 'Reader', position: 0, name: 'unread' }
  ]) if ((await service.post('/api/containers', plate)).status !== 201) throw new Error('a plate was refused')
  await service.patch('/api/devices/Hotel/positions/1', { deep_well_suited: true })
  return service
}

/** What stands where, without versions and times. */
async function stateOf (service: Service): Promise<object> {
  const { totals: { containers_removed, ...totals } } = (await service.get('/api/lab')).body
  const devices = await devicesOf(service)
  const slots = await Promise.all(devices.map(async ({ name }) => (await service.get(`/api/devices/${name}/positions`)).body))
  const { items } = (await service.get('/api/containers')).body
  return { devices, totals, file: (await service.get('/api/lab/config')).body, slots, containers: items.map(({ version, updated_at, ...container }: { version: number, updated_at: string }) => container) }
}

type LabDevice = { name: string, reserved: object[] | null, containers: { since: string, last_event: object }[] }

/** The devices with what stands on them, without what only says when it came, and which slots are reserved. */
async function devicesOf (service: Service, query = ''): Promise<Pick<LabDevice, 'name'>[]> {
  const { devices } = (await service.get(`/api/lab${query}`)).body as { devices: LabDevice[] }
  return devices.map(({ reserved, containers, ...device }) => ({ ...device, containers: containers.map(({ since, last_event, ...container }) => container) }))
}

const revisionOf = async (service: Service): Promise<number> => (await service.get('/api/lab')).body.revision

t.test('after a wipe everything is back: devices, slots, containers and lids, in one revision', async (t) => {
  const service = await aFullLab(t)
  const before = await stateOf(service)
  const at = await revisionOf(service)
  await service.delete('/api/lab?confirm=wipe')
  const [wipe] = (await service.get('/api/events?kind=lab-wiped')).body.items
  t.match(wipe, { revision: at + 1, after: { containers_removed: 3, devices_retired: 3 } })

  const dry = await service.post('/api/lab/restore', { at, reason, dry_run: true })
  t.match(dry, { status: 200, body: { applied: false, restored_to: at, findings: [], revision: at + 1 } })
  t.equal(dry.body.devices.length, 3)
  t.match(dry.body.containers.map(({ barcode }: { barcode: string | null }) => barcode), ['P0', 'P1', null])
  t.match((await service.get('/api/lab')).body, { revision: at + 1, totals: { devices: 0, containers: 0 } }, 'a dry run changes nothing')

  const done = await service.post('/api/lab/restore', { at: String(at), reason })
  t.match(done, { status: 200, body: { applied: true, restored_to: at, findings: [], revision: at + 2 } })
  t.same(done.body.devices, dry.body.devices)
  t.strictSame(await stateOf(service), before)
  t.equal((await service.get('/api/lab/health')).body.healthy, true)
  const { items } = (await service.get(`/api/events?after=${at + 1}`)).body
  t.ok(items.every((event: object) => t.match(event, { revision: at + 2, reason })))
  t.equal((await service.get('/api/events?kind=restored')).body.items.length, 3, 'one can filter by every kind')
  t.match(items.at(-1), { kind: 'lab-restored', after: { restored_to: at, devices: 3, containers: 3, findings: 0 } })
  t.match((await service.get('/api/containers/P1/history')).body.items.at(-1), { kind: 'restored', from: { device: null }, to: { device: 'Hotel', position: 3, lid: { device: 'Lids', position: 2 } } })
  t.strictSame(await devicesOf(service, `?at=${at}`), await devicesOf(service))
  t.match((await service.get('/api/lab')).body.devices[0].containers[0].last_event, { kind: 'restored' })
  t.match(await service.post('/api/lab/restore', { at, reason }), { body: { applied: true, devices: [], containers: [], revision: at + 2 } }, 'again, nothing changes')
  t.match((await service.post('/api/containers/P0/move', { target_device: 'Hotel', target_pos: 1 })).status, 200)
})

t.test('a restored barcode that differs in case only from one that came since is a warning, also of a dry run', async (t) => {
  const service = await aFullLab(t)
  const at = await revisionOf(service)
  await service.delete('/api/containers/P1')
  await service.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'p1' })
  const warnings = [{ code: 'barcode-differs-in-case', pointer: '/containers/0', detail: /"p1"\. It differs from "P1"/ }]
  for (const dry_run of [true, false]) {
    const { body } = await service.post('/api/lab/restore', { at, reason, dry_run })
    t.match(body, { applied: !dry_run, containers: [{ barcode: 'P1' }], findings: [], warnings })
    t.equal(body.warnings.length, 1)
  }
  await service.delete('/api/containers/p1')
  await service.delete('/api/containers/P1')
  t.same((await service.post('/api/lab/restore', { at, reason })).body.warnings, [], 'a removed one is no other one')
  await service.post('/api/containers/relabel', { reason, labels: [{ container: 'P1', barcode: 'p1' }] })
  t.same((await service.post('/api/lab/restore', { at, reason })).body.warnings, [], 'nor is its own of now')
})

t.test('what came since stays, and what it stands in the way of is told', async (t) => {
  const service = await aFullLab(t)
  const at = await revisionOf(service)
  await service.delete('/api/lab?confirm=wipe')
  await service.put('/api/lab/config', { sila_servers: { storage: { Hotel: { capacity: 4 }, Lids: { capacity: 3 } }, movers: { Arm: { capacity: 1 } } } })
  const { body: inTheWay } = await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'N0' })
  await service.post('/api/containers', { device: 'Lids', position: 2, barcode: 'N1' })
  await service.post('/api/containers', { device: 'Arm', position: 0, barcode: 'N2' })
  const { body } = await service.post('/api/lab/restore', { at, reason })
  t.match(body.findings.map(({ code, device, position }: { code: string, device: string, position: number }) => [code, device, position]).sort(),
    [['position-occupied', 'Hotel', 0], ['position-occupied', 'Lids', 2], ['slots-occupied', 'Arm', null]])
  t.match(body.findings.find(({ position }: { position: number }) => position === 0), { occupant: inTheWay.id, detail: /N0.*P0/ })
  t.match((await service.get('/api/containers?removed=true&barcode=P0')).body.items, [{ barcode: 'P0', device: null }])
  t.match((await service.get('/api/containers/P1')).body, { device: 'Hotel', position: 3, lidded: false, lid: null }, 'its lid has no place')
  t.match((await service.get('/api/containers/N2')).body, { device: 'Arm' })
  t.match((await service.get('/api/devices/Lids')).body, { capacity: 4 })
  t.equal((await service.get('/api/lab/health')).body.healthy, true)
})

t.test('a wrong lab file, a rename, moves and labels are undone together', async (t) => {
  const service = await aFullLab(t)
  const before = await stateOf(service)
  const at = await revisionOf(service)
  await service.post('/api/containers/P0/move', { target_device: 'Hotel', target_pos: 1 })
  await service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 0 })
  await service.patch('/api/containers/P0', { barcode: 'X', content: null })
  await service.patch('/api/containers/P1', { barcode: 'P0' })
  await service.patch('/api/containers/X', { barcode: 'P1' })
  await service.post('/api/containers/P0/lid', {})
  await service.patch('/api/devices/Hotel', { name: 'Hotel2', capacity: 6 })
  await service.patch('/api/devices/Hotel2/positions/1', { deep_well_suited: false })
  await service.put('/api/lab/config', { sila_servers: { all: { Reader: { capacity: 1 }, Hotel2: { capacity: 6 }, Hotel9: { capacity: 9 } } } })
  await service.post('/api/containers/P1/move', { target_device: 'Hotel9', target_pos: 8 })
  t.match((await service.post('/api/lab/restore', { at, reason })).body, { findings: [] })
  t.strictSame(await stateOf(service), before)
  t.match(await service.get('/api/devices/Hotel9'), { status: 404 })
})

t.test('a name or a barcode that something else has by now is told', async (t) => {
  const service = await aFullLab(t)
  const at = await revisionOf(service)
  await service.delete('/api/lab?confirm=wipe')
  await service.post('/api/devices', { id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', name: 'Reader', capacity: 2 })
  await service.post('/api/containers', { device: 'Reader', position: 1, barcode: 'P0' })
  const { body } = await service.post('/api/lab/restore', { at, reason })
  t.match(body.findings.map(({ code }: { code: string }) => code).sort(), ['barcode-in-use', 'device-name-in-use', 'position-not-found', 'slots-occupied'])
  t.match((await service.get('/api/lab')).body.totals, { containers: 2 })
  t.equal((await service.get('/api/lab/health')).body.healthy, true)
})

t.test('the point in time is a revision or a time that was, and a reason is wanted', async (t) => {
  const service = await aLab(t, { Hotel: 1 })
  for (const [body, pointer] of [
    [{ at: 99, reason }, '/at'], [{ at: 'yesterday', reason }, '/at'], [{ at: -1, reason }, '/at'], [{ at: 1 }, '/reason'], [{ at: 1, reason: '' }, '/reason'], [{ reason }, '/at'],
    [{ at: 1.5, reason }, '/at'], [{ at: null, reason }, '/at'], [{ at: [1], reason }, '/at'], [{ at: 1e300, reason }, '/at'], [{ at: 1, reason, extra: 1 }, '/extra'], [{ at: 1, reason, dry_run: 'yes' }, '/dry_run']
  ] as const) t.match(await service.post('/api/lab/restore', body), { status: 400, body: { errors: [{ pointer }] } }, JSON.stringify(body))
  await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  const { body: plate } = await service.get('/api/containers/P1')
  await service.delete('/api/lab?confirm=wipe')
  const key = { 'idempotency-key': 'undo' }
  t.match(await service.post('/api/lab/restore', { at: plate.created_at, reason, dry_run: true }, { 'idempotency-key': 'dry' }), { status: 200, body: { applied: false } })
  t.match(await service.get('/api/containers/P1'), { status: 404 })
  const first = await service.post('/api/lab/restore', { at: plate.created_at, reason }, key)
  t.match(first, { status: 200, body: { containers: [{ barcode: 'P1' }] } })
  await service.delete('/api/lab?confirm=wipe')
  const again = await service.post('/api/lab/restore', { at: plate.created_at, reason }, key)
  t.equal(again.text, first.text)
  t.match(await service.get('/api/containers/P1'), { status: 404 }, 'a retry of long ago changes nothing')
})

t.test('the lab file as of a revision is the file as it was', async (t) => {
  const service = await aFullLab(t)
  const at = await revisionOf(service)
  const { body: then } = await service.get('/api/lab/config')
  t.strictSame((await service.get(`/api/lab/config?at=${at}`)).body, then)
  await service.put('/api/lab/config', { sila_servers: { storage: { Hotel: { capacity: 9 }, Lids: { capacity: 4 }, Reader: { capacity: 1 } } }, description: 'another' })
  await service.patch('/api/devices/Hotel', { name: 'Hotel2' })
  t.strictSame((await service.get(`/api/lab/config?at=${at}`)).body, then)
  const yaml = await service.get(`/api/lab/config?at=${at}`, { accept: 'application/yaml' })
  t.match(yaml.text, /Hotel:\n +capacity: 4/)
  t.same((await service.get('/api/lab/config?at=0')).body, { sila_servers: {} })
  t.match(await service.get('/api/lab/config?at=999'), { status: 400, body: { errors: [{ parameter: 'at' }] } })
  t.match(await service.get('/api/lab/config?at=soon'), { status: 400, body: { errors: [{ parameter: 'at' }] } })
})

t.test('what does not fit is restored with a warning', async (t) => {
  const service = await aFullLab(t)
  await service.put('/api/labware-types/High', { height_mm: 60 })
  await service.patch('/api/devices/Hotel/positions/2', { max_height_mm: 20 })
  await service.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'HIGH', labware_type: 'High' })
  await service.post('/api/containers/HIGH/correct', { reason, device: 'Hotel', position: 2 })
  const at = await revisionOf(service)
  await service.delete('/api/lab?confirm=wipe')
  for (const dry_run of [true, false]) {
    const { status, body } = await service.post('/api/lab/restore', { at, reason, dry_run })
    const index = body.containers.findIndex(({ barcode }: { barcode: string | null }) => barcode === 'HIGH')
    t.match({ status, warnings: body.warnings }, { status: 200, warnings: [{ code: 'labware-does-not-fit', pointer: `/containers/${index}`, detail: /slot 2 of Hotel by the rule max_height_mm/ }] })
    t.equal(body.warnings.length, 1)
  }
  t.match((await service.get('/api/containers/HIGH')).body, { device: 'Hotel', position: 2 })
})

t.test('a labware type that came since stays as long as a device that stays lists it', async (t) => {
  const lab = await aLab(t, { Hotel: 4 })
  const at = await revisionOf(lab)
  await lab.put('/api/labware-types/New', {})
  await lab.put('/api/labware-types/Unused', {})
  await lab.post('/api/devices', { name: 'Tower', group: 'storage', capacity: 2, labware_types: ['New'] })
  await lab.patch('/api/devices/Hotel/positions/1', { labware_types: ['New'] })
  t.match(await lab.post('/api/lab/restore', { at, reason, dry_run: true }), { status: 200, body: { findings: [] } }, 'an empty device goes, and the slot is as it was')
  t.match(await lab.post('/api/containers', { device: 'Tower', position: 0, barcode: 'P2' }), { status: 201 })
  const { status, body: { findings, labware_types } } = await lab.post('/api/lab/restore', { at, reason })
  t.match({ status, findings }, { status: 200, findings: [
    { code: 'slots-occupied', device: 'Tower', detail: /came since, and something is in the slots/ }, { code: 'labware-type-in-use', device: 'Tower', position: null, detail: /"New" came since/ }
  ] })
  t.match(labware_types, [{ action: 'delete', labware_type: 'Unused' }])
  t.match((await lab.get('/api/labware-types')).body.items, [{ name: 'New' }])
  t.match((await lab.get('/api/devices/Tower')).body, { labware_types: ['New'] })
})

t.test('a missing container is last where the restored state had it, also when it is missing now, and as of then', async (t) => {
  const lab = await aLab(t, { Hotel: 4 })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  const declare = async () => { await lab.post('/api/arrangements', { reason, items: [], missing: ['P1'] }) }
  const shown = async (query = '') => {
    const { body: { last_device, last_position, missing_since } } = await lab.get(`/api/containers/P1${query}`)
    return { last_device, last_position, missing_since }
  }
  await declare()
  const [first, at] = [await shown(), await revisionOf(lab)]
  t.match(first, { last_device: 'Hotel', last_position: 0 })
  await lab.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 3 })
  await declare()
  t.match(await shown(), { last_position: 3 })
  t.match(await lab.post('/api/lab/restore', { at, reason }), { status: 200, body: { containers: [{ barcode: 'P1' }] } })
  t.strictSame(await shown(), first)
  t.strictSame(await shown(`?at=${await revisionOf(lab)}`), first)
  const later = await revisionOf(lab)
  await lab.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 2 })
  await lab.post('/api/lab/restore', { at: later, reason })
  t.strictSame(await shown(), first, 'a state that was restored is restored as well')
  t.match((await lab.post('/api/lab/restore', { at, reason })).body.containers, [], 'nothing is different any more')
})
