import t from 'tap'
import { randomUUID } from 'node:crypto'
import { aLab, type Service } from '../support/service.ts'

/** Hotel: slot 0 for flat plates only, 1 low, 2 any but deep-well plates, 3 for deep-well plates. Washer takes flat plates up to 20 mm. */
async function aLabWithTypes (t: Parameters<typeof aLab>[0]): Promise<Service> {
  const lab = await aLab(t, { Hotel: 4, Washer: 1, Reader: 1 })
  await lab.put('/api/labware-types/Flat', { height_mm: 14, lid: 'optional' })
  await lab.put('/api/labware-types/High', { height_mm: 60 })
  await lab.put('/api/labware-types/Deep', { height_mm: 44, deep_well: true, lid: 'none' })
  await lab.patch('/api/devices/Hotel/positions/0', { labware_types: ['Flat'] })
  await lab.patch('/api/devices/Hotel/positions/1', { max_height_mm: 20 })
  await lab.patch('/api/devices/Hotel/positions/3', { deep_well_suited: true })
  await lab.patch('/api/devices/Washer', { labware_types: ['Flat'], max_height_mm: 20 })
  return lab
}

const refusal = (rule: string, pointer: string, more: object = {}) => ({ status: 409, body: { code: 'labware-does-not-fit', rule, pointer, ...more } })

t.test('a command refuses a slot in which the type does not fit, and says the rule', async (t) => {
  const lab = await aLabWithTypes(t)
  const at = (position: number, labware_type: string) => lab.post('/api/containers', { device: 'Hotel', position, labware_type })
  t.match(await at(0, 'High'), refusal('labware_types', '/position', { labware_type: 'High', labware_types: ['Flat'], device: 'Hotel', position: 0, detail: /only these types are listed there: Flat/ }))
  t.match(await at(1, 'High'), refusal('max_height_mm', '/position', { height_mm: 60, max_height_mm: 20, detail: /60 mm high/ }))
  t.match(await at(2, 'Deep'), refusal('deep_well', '/position', { detail: /deep_well_suited/ }))
  t.match(await lab.post('/api/containers/batch', { containers: [{ device: 'Hotel', labware_type: 'High', barcode: 'H' }, { device: 'Washer', labware_type: 'High' }] }),
    refusal('labware_types', '/containers/1/device', { index: 1, free: 1, device: 'Washer', detail: /does not fit in the only free slot of Washer/ }))
  t.equal((await lab.get('/api/containers/H')).status, 404, 'nothing was added')

  t.match(await lab.post('/api/containers', { device: 'Hotel', labware_type: 'Deep', barcode: 'D' }), { status: 201, body: { position: 3 } }, 'a search passes over what does not fit')
  t.match(await lab.post('/api/containers', { device: 'Hotel', labware_type: 'High', barcode: 'H' }), { status: 201, body: { position: 2 } })
  t.match(await lab.post('/api/containers', { device: 'Hotel', labware_type: 'Flat', barcode: 'F' }), { status: 201, body: { position: 0 } })
  t.match(await lab.post('/api/containers/D/move', { target_device: 'Hotel', target_pos: 1 }), refusal('deep_well', '/target_pos'))
  t.match(await lab.post('/api/containers/H/move', { target_device: 'Washer' }), refusal('labware_types', '/target_device', { free: 1 }))
  t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 2, target_device: 'Washer', target_pos: 0 }), refusal('labware_types', '/target_pos'))
  t.match(await lab.post('/api/containers/D/move', { target_device: 'Hotel', target_pos: 3 }), { status: 200 }, 'its own slot')
  t.match(await lab.post('/api/containers/F/move', { target_device: 'Washer' }), { status: 200 })
  t.match(await lab.post('/api/containers/H/move', { target_device: 'Washer' }), { status: 409, body: { code: 'no-free-position' } }, 'none is free at all')
  t.match(await lab.post('/api/containers/D/move', { target_device: 'Reader', target_pos: 0 }), refusal('deep_well', '/target_pos'))
  t.match(await lab.post('/api/containers', { device: 'Reader', labware_type: 'never heard of', barcode: 'X' }), { status: 201 }, 'what nobody described goes anywhere')
  t.match((await lab.get('/api/lab/health')).body, { findings: [] })
})

t.test('transfers refuse, and dry runs tell', async (t) => {
  const lab = await aLabWithTypes(t)
  await lab.post('/api/containers', { device: 'Hotel', position: 3, labware_type: 'Deep', barcode: 'D' })
  const { body: { revision } } = await lab.get('/api/lab')
  for (const [target, pointer] of [[{ device: 'Washer', position: 0 }, '/target/position'], [{ device: 'Washer' }, '/target/device'], [{ device: 'Reader' }, '/target/device']] as const) {
    t.match(await lab.post('/api/transfers', { container: 'D', target }), refusal('deep_well', pointer))
    t.match((await lab.post('/api/transfers?dry_run=true', { container: 'D', target })).body, { findings: [{ code: 'labware-does-not-fit', rule: 'deep_well', pointer, labware_type: 'Deep' }] })
  }
  t.match((await lab.post('/api/transfers', { container: 'D', target: { device: 'Hotel' } })).body, { code: 'labware-does-not-fit' }, 'its own slot is not free')
  t.equal((await lab.get('/api/lab')).body.revision, revision)
  await lab.patch('/api/devices/Hotel/positions/1', { deep_well_suited: true, max_height_mm: null })
  t.match((await lab.post('/api/transfers', { container: 'D', target: { device: 'Hotel' } })).body, { container: { position: 1 } })
})

t.test('what a slot says replaces what its device says', async (t) => {
  const lab = await aLabWithTypes(t)
  await lab.patch('/api/devices/Washer/positions/0', { labware_types: ['High'], max_height_mm: 70 })
  t.match(await lab.post('/api/containers', { device: 'Washer', labware_type: 'Flat' }), refusal('labware_types', '/device'))
  t.match(await lab.post('/api/containers', { device: 'Washer', labware_type: 'High' }), { status: 201 })
})

t.test('reservations take a labware type', async (t) => {
  const lab = await aLabWithTypes(t)
  const reserve = (more: object) => lab.post('/api/reservations', { device: 'Hotel', purpose: 'container', owner: 'o', ttl_seconds: 60, ...more })
  const reserved = await reserve({ labware_type: 'Deep' })
  t.match(reserved, { status: 201, body: { positions: [{ position: 3 }] } })
  t.match(await reserve({ labware_type: 'Deep' }), { status: 409, body: { code: 'labware-does-not-fit', pointer: '/labware_type', labware_type: 'Deep', wanted: 1, free: 0, rule: 'deep_well' } })
  t.match(await reserve({ labware_type: 'Deep', count: 5 }), { status: 409, body: { code: 'no-free-position', wanted: 5, free: 0 } })
  t.match(await reserve({ labware_type: 'None such' }), { status: 404, body: { code: 'labware-type-not-found', pointer: '/labware_type', detail: /GET \/api\/labware-types/ } })
  t.match(await lab.post('/api/containers', { device: 'Hotel', labware_type: 'Deep', reservation_id: reserved.body.id }), { status: 201, body: { position: 3 } })
  t.match(await reserve({ labware_type: 'Deep', purpose: 'lid' }), { status: 201 }, 'a lid goes anywhere')
  const low = await reserve({ labware_type: 'Flat' })
  t.match(await lab.post('/api/containers', { device: 'Hotel', labware_type: 'High', reservation_id: low.body.id }), refusal('max_height_mm', '/device'))
})

t.test('a correction passes, and warns', async (t) => {
  const lab = await aLabWithTypes(t)
  await lab.post('/api/containers', { device: 'Hotel', position: 3, labware_type: 'Deep', barcode: 'D' })
  t.match((await lab.post('/api/containers/D/correct', { reason: 'Seen there.', device: 'Washer', position: 0 })).body, {
    container: { device: 'Washer' }, warnings: [{ code: 'labware-does-not-fit', detail: /Washer/ }]
  })
  t.match((await lab.get('/api/lab/health')).body, { healthy: true, findings: [{ code: 'labware-does-not-fit', severity: 'warning', device: 'Washer', position: 0, containers: [{ barcode: 'D' }] }] })
  t.match(await lab.post('/api/containers/D/move', { target_device: 'Washer', target_pos: 0 }), { status: 200 }, 'where it stands it may stay')
  const back = await lab.post('/api/containers/D/correct', { reason: 'Put back.', device: 'Hotel', position: 3 })
  t.equal(back.body.warnings, undefined)
  await lab.post('/api/containers', { device: 'Hotel', position: 2, labware_type: 'High', barcode: 'H' })
  const displacing = { reason: 'Seen there.', device: 'Hotel', position: 2, displace: { device: 'Washer', position: 0 } }
  const warnings = [{ code: 'labware-does-not-fit', detail: /"Deep" does not fit in slot 2 of Hotel/ }, { code: 'labware-does-not-fit', pointer: '/displace', detail: /"High" does not fit in slot 0 of Washer/ }]
  t.match((await lab.post('/api/containers/D/correct?dry_run=true', displacing)).body, { container: { position: 2 }, warnings }, 'also of what was displaced')
  t.match((await lab.post('/api/containers/D/correct', displacing)).body, { container: { position: 2 }, warnings })
  t.match((await lab.post('/api/containers/D/correct', displacing)).body.warnings, [{ detail: /Hotel/ }], 'when it is so already, nothing was displaced')
  await lab.post('/api/containers/D/correct', { reason: 'Put back.', device: 'Hotel', position: 3 })
  t.match((await lab.post('/api/containers/D/correct', { reason: 'Seen there.', device: 'Washer', position: 0, displace: { device: 'Hotel', position: 2 } })).body.warnings, [{ detail: /Washer/ }], 'what is displaced to where it fits needs no warning')
})

t.test('what a person sees passes, and is told: arrangements and stocktakes', async (t) => {
  const lab = await aLabWithTypes(t)
  await lab.post('/api/containers', { device: 'Hotel', position: 3, labware_type: 'Deep', barcode: 'D' })
  await lab.post('/api/containers', { device: 'Hotel', position: 2, labware_type: 'High', barcode: 'H' })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, labware_type: 'Flat', barcode: 'F' })
  const items = [{ container: 'F', device: 'Hotel', position: 1 }, { container: 'D', device: 'Washer', position: 0, lidded: true }, { container: 'H', device: 'Hotel', position: 2 }]
  const warnings = [{ code: 'labware-does-not-fit', pointer: '/items/1', detail: /Deep.*Washer.*deep_well/ }, { code: 'lid-contradicts-type', pointer: '/items/1', detail: /has no lid/ }]
  for (const query of ['?dry_run=true', '']) {
    const { status, body } = await lab.post(`/api/arrangements${query}`, { reason: 'seen', items })
    t.match([status, body.warnings], [200, warnings], query)
    t.equal(body.warnings.length, 2)
  }
  t.match((await lab.post('/api/arrangements', { reason: 'seen', items })).body, { changes: [], warnings }, 'also of what is there already')

  const seen = [{ position: 0, barcode: 'H', lidded: true }, { position: 1, barcode: 'F' }, { position: 2, barcode: 'D', lidded: false }]
  const expected = [{ code: 'labware-does-not-fit', pointer: '/seen/0', detail: /High.*slot 0 of Hotel.*labware_types/ }, { code: 'labware-does-not-fit', pointer: '/seen/2', detail: /Deep.*slot 2/ }]
  for (const apply of [false, true]) {
    const { status, body } = await lab.post('/api/stocktakes', { device: 'Hotel', seen, apply, reason: 'seen' })
    t.match([status, body.warnings], [200, expected], `apply: ${apply}`)
    t.equal(body.warnings.length, 2)
  }
  t.equal((await lab.get('/api/lab/health')).body.findings.length, 2)
})

t.test('a transfer tells what is unusual about the lid, and tells it again', async (t) => {
  const lab = await aLabWithTypes(t)
  await lab.put('/api/labware-types/Closed', { lid: 'always' })
  await lab.post('/api/containers', { device: 'Hotel', position: 2, labware_type: 'Closed', barcode: 'C', lidded: true })
  const step = { id: randomUUID(), device: 'Reader', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:16:00Z' }
  const off = { container: 'C', lid: { action: 'off', device: 'Washer' }, step }
  const warnings = [{ code: 'lid-contradicts-type', detail: /always/ }]
  t.match((await lab.post('/api/transfers?dry_run=true', off)).body, { findings: [], warnings })
  t.match((await lab.post('/api/transfers', off)).body, { status: 'success', warnings })
  t.equal((await lab.post('/api/transfers', { container: 'C', lid: { action: 'on' } })).body.warnings, undefined)
  t.match((await lab.post('/api/transfers', off)).body, { status: 'success', warnings }, 'a retry gets what it got')
  t.match((await lab.post('/api/transfers/batch', { transfers: [{ container: 'C', target: { device: 'Reader' } }, { container: 'C', lid: { action: 'off', device: 'Washer' } }] })).body, { items: [{ warnings: undefined }, { warnings }] })
})

t.test('a lid that the type does not have is a warning', async (t) => {
  const lab = await aLabWithTypes(t)
  await lab.put('/api/labware-types/Closed', { lid: 'always' })
  t.match(await lab.post('/api/containers', { device: 'Hotel', position: 3, labware_type: 'Deep', barcode: 'D', lidded: true }), { status: 201, body: { warnings: [{ code: 'lid-contradicts-type', detail: /has no lid/ }] } })
  t.equal((await lab.post('/api/containers/D/unlid', { lid_device: 'Reader' })).body.warnings, undefined)
  t.match((await lab.post('/api/containers/D/lid', {})).body, { status: 'success', warnings: [{ code: 'lid-contradicts-type' }] })
  await lab.post('/api/containers', { device: 'Hotel', position: 2, labware_type: 'Closed', barcode: 'C', lidded: true })
  t.match((await lab.post('/api/containers/C/unlid', { lid_device: 'Reader' })).body, { warnings: [{ code: 'lid-contradicts-type', detail: /always/ }] })
  t.match((await lab.patch('/api/containers/C', { labware_type: 'Deep' })).body, { warnings: [{ code: 'labware-does-not-fit' }] }, 'a PATCH says so, too')
})

t.test('with an Idempotency-Key the refusal is not kept', async (t) => {
  const lab = await aLabWithTypes(t)
  await lab.post('/api/containers', { device: 'Hotel', position: 2, labware_type: 'High', barcode: 'H' })
  const key = { 'idempotency-key': randomUUID() }
  t.match(await lab.post('/api/containers/H/move', { target_device: 'Washer' }, key), { status: 409 })
  await lab.patch('/api/devices/Washer', { labware_types: null, max_height_mm: null })
  t.match(await lab.post('/api/containers/H/move', { target_device: 'Washer' }, key), { status: 200 })
})
