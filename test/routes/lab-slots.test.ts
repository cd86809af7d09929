import t from 'tap'
import { aLab, type Service } from '../support/service.ts'

const types = { Flat: { height_mm: 14 }, Deep: { height_mm: 44, deep_well: true } }
const slots = { 0: { labware_types: ['Deep'], deep_well_suited: true }, 2: { max_height_mm: 80.5, disposes: false }, 3: { disposes: true } }

async function aFileWithSlots (t: Parameters<typeof aLab>[0]): Promise<{ lab: Service, file: object }> {
  const lab = await aLab(t, {})
  const file = { sila_servers: { storage: { Hotel: { capacity: 4, max_height_mm: 20, slots }, Bin: { capacity: 2, disposes: true, slots: { 1: { disposes: false } } } } }, labware_types: types }
  t.match(await lab.put('/api/lab/config', file), { status: 200, body: { changes: [{ action: 'add', device: 'Hotel', changed: ['slots'] }, { action: 'add', device: 'Bin', changed: ['slots'] }] } })
  return { lab, file }
}

const kept = async (lab: Service, device: string) => (await lab.get(`/api/devices/${device}/positions`)).body as { position: number, disposes: boolean, labware_types: string[] | null, max_height_mm: number | null, deep_well_suited: boolean }[]

t.test('the lab file says what is set for single slots, and feeding it back changes nothing', async (t) => {
  const { lab, file } = await aFileWithSlots(t)
  t.match(await kept(lab, 'Hotel'), [
    { labware_types: ['Deep'], deep_well_suited: true, disposes: false, max_height_mm: null }, { disposes: false }, { max_height_mm: 80.5, disposes: false }, { disposes: true }
  ])
  t.match(await kept(lab, 'Bin'), [{ disposes: true }, { disposes: false }])
  const config = (await lab.get('/api/lab/config')).body
  t.match(config, file)
  const { body: { revision } } = await lab.get('/api/lab')
  t.match(await lab.put('/api/lab/config', config), { body: { applied: true, revision, changes: [{ action: 'unchanged' }, { action: 'unchanged' }] } })
  const yaml = (await lab.call('GET', '/api/lab/config', undefined, { accept: 'application/yaml' })).text
  t.match(await lab.call('PUT', '/api/lab/config', yaml, { 'content-type': 'application/yaml' }), { body: { applied: true, revision } })
  await lab.patch('/api/devices/Hotel/positions/1', { max_height_mm: 5 })
  t.match((await lab.get('/api/lab/config')).body, { sila_servers: { storage: { Hotel: { slots: { ...slots, 1: { max_height_mm: 5 } } } } } }, 'what is set by a call is written, too')
  t.match((await lab.get(`/api/lab/config?at=${revision}`)).body, config, 'as of then')
})

t.test('without slots a file leaves them, with some it takes back the others, and each has an event', async (t) => {
  const { lab } = await aFileWithSlots(t)
  const put = async (hotel: object, query = '') => await lab.put(`/api/lab/config?prune=true${query}`, { sila_servers: { storage: { Hotel: { capacity: 4, max_height_mm: 20, ...hotel }, Bin: { capacity: 2, disposes: true } } } })
  t.match((await put({})).body, { changes: [{ action: 'unchanged' }, { action: 'unchanged' }] })
  const { body: { revision } } = await lab.get('/api/lab')
  const fewer = { slots: { 3: { disposes: true } } }
  t.match((await put(fewer, '&dry_run=true')).body, { applied: false, changes: [{ action: 'update', device: 'Hotel', changed: ['slots'] }, { action: 'unchanged' }], revision })
  t.match((await put(fewer)).body, { applied: true, revision: revision + 1 })
  const { body: { items } } = await lab.get(`/api/events?after=${revision}`)
  t.match(items, [
    { kind: 'position-updated', before: { position: 0, labware_types: ['Deep'] }, after: { position: 0, labware_types: null, deep_well_suited: false } },
    { kind: 'position-updated', before: { position: 2, max_height_mm: 80.5 }, after: { position: 2, max_height_mm: null } }
  ])
  t.equal(items.length, 2)
  t.match((await lab.get(`/api/devices/Hotel/positions?at=${revision}`)).body, [{ labware_types: ['Deep'] }, {}, { max_height_mm: 80.5 }, { disposes: true }])
  t.match(await lab.post('/api/lab/restore', { at: revision, reason: 'the wrong file' }), { status: 200 })
  t.match((await lab.get('/api/lab/config')).body.sila_servers.storage.Hotel.slots, slots)
  t.match((await put({ slots: {} })).status, 200)
  t.notOk('slots' in (await lab.get('/api/lab/config')).body.sila_servers.storage.Hotel)
})

t.test('a slot that holds something does not become waste by a file, and a type that the lab lacks is named', async (t) => {
  const { lab } = await aFileWithSlots(t)
  await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'A' })
  await lab.post('/api/containers', { device: 'Bin', position: 1, barcode: 'B' })
  const put = async (hotel: object, bin: object, query = '') => await lab.put(`/api/lab/config${query}`, { sila_servers: { storage: { Hotel: { capacity: 4, ...hotel }, Bin: { capacity: 2, ...bin } } } })
  const waste = { slots: { 1: { disposes: true } } }
  for (const query of ['', '?dry_run=true']) {
    t.match(await put(waste, { disposes: true }, query), { status: 409, body: { code: 'slots-occupied', occupied: [{ device: 'Hotel', position: 1, occupant: { barcode: 'A' } }] } })
    t.match(await put({}, { disposes: true, slots: {} }, query), { status: 409, body: { code: 'slots-occupied', occupied: [{ device: 'Bin', position: 1 }] } })
    t.match(await put({ slots: { 1: { labware_types: ['Odd'] } } }, {}, query), { status: 400, body: { errors: [{ pointer: '/sila_servers/storage/Hotel/slots/1/labware_types/0', detail: /"Odd"/ }] } })
  }
  t.match(await put({}, { disposes: false, slots: {} }), { status: 200 }, 'what the file says of device and slot is judged together')
  t.match(await put({ disposes: true, slots: { 1: { disposes: false } } }, {}), { status: 200 })
  t.match(await kept(lab, 'Hotel'), [{ disposes: true }, { disposes: false }, { disposes: true }, { disposes: true }])
})

t.test('a slot that the lab gets again has what its file says', async (t) => {
  const { lab } = await aFileWithSlots(t)
  await lab.patch('/api/devices/Hotel', { capacity: 1 })
  t.match((await lab.get('/api/lab/config')).body.sila_servers.storage.Hotel.slots, { 0: slots[0] })
  await lab.put('/api/lab/config', { sila_servers: { storage: { Hotel: { capacity: 4, slots: { 2: { disposes: true } } } } } })
  t.match(await kept(lab, 'Hotel'), [{ labware_types: null }, { disposes: false }, { disposes: true, max_height_mm: null }, { disposes: false }])
})
