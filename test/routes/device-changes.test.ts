import t from 'tap'
import { eventsOf, revisionOf } from '../support/lab-log.ts'
import { logged } from '../support/log.ts'
import { aLab, aService } from '../support/service.ts'

const someId = '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11'

t.test('changing a device', async (t) => {
  t.test('sets and clears members, and tells the log', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    const set = { group: 'storage', type: 'hotel', description: 'in words', uri: 'https://h', process_capacity: 9, min_capacity: 1, allows_overlap: true, extra: { a: 1 } }
    t.match(await lab.patch('/api/devices/Hotel', set), { status: 200, body: { ...set, version: 2 } })
    const cleared = { type: null, description: null, uri: null, process_capacity: null, min_capacity: null, allows_overlap: null, extra: null }
    t.match(await lab.patch('/api/devices/Hotel', cleared), { status: 200, body: { ...cleared, group: 'storage', version: 3 } })
    t.match((await eventsOf(lab)).slice(-2), [
      { kind: 'device-updated', before: { type: null }, after: { type: 'hotel' } }, { kind: 'device-updated', before: { type: 'hotel' }, after: { type: null } }
    ])
  })

  t.test('to what it is changes nothing', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    t.match(await lab.patch('/api/devices/Hotel', { name: 'Hotel', capacity: 3, type: null }), { status: 200, body: { version: 1 } })
    t.equal(await revisionOf(lab), 1)
  })

  t.test('a rename keeps containers and history', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    const { body: plate } = await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P1' })
    t.match(await lab.patch('/api/devices/Hotel', { name: 'Tower' }), { status: 200, body: { name: 'Tower' } })
    t.match((await lab.get(`/api/containers/${plate.id}`)).body, { device: 'Tower', position: 1, starting_device: 'Tower' })
    t.equal((await lab.get('/api/devices/Hotel')).status, 404)
  })

  t.test('a rename to a name in use is refused, also when only logs use it', async (t) => {
    const lab = await aLab(t, { Hotel: 3, Washer: 1 })
    await logged(lab, { device: 'Reader9' })
    t.match(await lab.patch('/api/devices/Hotel', { name: 'Washer' }), { status: 409, body: { code: 'device-name-in-use', detail: /already has/, pointer: '/name' } })
    t.match(await lab.patch('/api/devices/Hotel', { name: 'Reader9' }), { status: 409, body: { code: 'device-name-in-use', detail: /Logged steps name/ } })
    await lab.delete('/api/devices/Reader9')
    t.match(await lab.patch('/api/devices/Hotel', { name: 'Reader9' }), { status: 200, body: { name: 'Reader9' } })
  })

  t.test('capacity grows and shrinks it; slots that come back are the same', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    await lab.patch('/api/devices/Hotel/positions/2', { deep_well_suited: true })
    t.match(await lab.patch('/api/devices/Hotel', { capacity: 1 }), { body: { capacity: 1 } })
    t.equal((await lab.get('/api/devices/Hotel/positions')).body.length, 1)
    t.equal((await lab.get('/api/devices/Hotel/positions/2')).status, 404)
    t.match(await lab.patch('/api/devices/Hotel', { capacity: 4 }), { body: { capacity: 4 } })
    t.match((await lab.get('/api/devices/Hotel/positions')).body.map((slot: { deep_well_suited: boolean }) => slot.deep_well_suited), [false, false, true, false])
    t.match((await eventsOf(lab)).map(({ kind }) => kind), ['device-added', 'lab-updated', 'position-updated', 'device-shrunk', 'device-grown'])
  })

  t.test('a slot where a container or a lid is cannot go', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', lid: { device: 'Hotel', position: 2 } })
    t.match(await lab.patch('/api/devices/Hotel', { capacity: 2, type: 'x' }), {
      status: 409,
      body: { code: 'slots-occupied', detail: /slot 2 of Hotel holds the lid of "P1"/, occupied: [{ device: 'Hotel', position: 2, occupant: { barcode: 'P1', part: 'lid', id: String, name: String } }] }
    })
    t.match((await lab.get('/api/devices/Hotel')).body, { capacity: 3, type: null, version: 1 })
  })

  t.test('extra cannot hold what the device itself says', async (t) => {
    const lab = await aService(t)
    await lab.put('/api/lab/config', { sila_servers: { g: { Hotel: { capacity: 1, type: 5 } } } })
    t.match(await lab.patch('/api/devices/Hotel', { description: 'fine' }), { status: 200, body: { type: null, extra: { type: 5 } } })
    t.match(await lab.patch('/api/devices/Hotel', { type: 'hotel' }), { status: 400, body: { errors: [{ pointer: '/extra' }] } })
    t.match(await lab.patch('/api/devices/Hotel', { type: 'hotel', extra: null }), { status: 200, body: { type: 'hotel', extra: null } })
  })

  t.test('one that only logs named becomes one of the lab', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    await logged(lab, { device: 'Reader9' })
    t.match(await lab.patch('/api/devices/Reader9', { capacity: 1 }), { status: 200, body: { listed: true, capacity: 1 } })
    t.equal((await eventsOf(lab)).at(-1)!.kind, 'device-added')
  })

  t.test('wants a device and a change', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    t.match(await lab.patch('/api/devices/Nope', { capacity: 1 }), { status: 404, body: { code: 'device-not-found', parameter: 'device' } })
    t.equal((await lab.patch('/api/devices/Hotel', {})).status, 400)
    t.match(await lab.patch('/api/devices/Hotel', { name: null }), { status: 400, body: { errors: [{ pointer: '/name' }] } })
    t.match(await lab.patch('/api/devices/Hotel', { id: someId }), { status: 400, body: { errors: [{ pointer: '/id' }] } })
  })
})

t.test('retiring a device', async (t) => {
  t.test('takes it and its slots out of the lab; repeated, nothing more happens', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    const first = await lab.delete('/api/devices/Hotel')
    t.match(first, { status: 200, body: { name: 'Hotel', retired_at: String, version: 2 } })
    t.strictSame((await lab.delete('/api/devices/Hotel')).body, first.body)
    t.equal((await lab.get('/api/devices/Hotel')).status, 404)
    t.equal((await lab.get('/api/devices/Hotel/positions')).status, 404)
    t.equal(await revisionOf(lab), 2)
    t.equal((await lab.patch('/api/devices/Hotel', { capacity: 1 })).status, 404)
  })

  t.test('is refused while something is in its slots', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    const { body: plate } = await lab.post('/api/containers', { device: 'Hotel', position: 1 })
    t.match(await lab.delete('/api/devices/Hotel'), { status: 409, body: { code: 'slots-occupied', occupied: [{ position: 1, occupant: { id: plate.id, part: 'container' } }] } })
    await lab.delete(`/api/containers/${plate.id}`)
    t.equal((await lab.delete('/api/devices/Hotel')).status, 200)
  })

  t.test('of one that only logs named, and of one that never was', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    await logged(lab, { device: 'Reader9' })
    t.match(await lab.delete('/api/devices/Reader9'), { status: 200, body: { listed: false, retired_at: String } })
    t.match(await lab.delete('/api/devices/Reader9'), { status: 200, body: { listed: false, version: 2 } })
    t.match(await lab.delete('/api/devices/Nope'), { status: 404, body: { code: 'device-not-found' } })
  })
})
