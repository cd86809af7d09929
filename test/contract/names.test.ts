import t from 'tap'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { seg } from '../support/service.ts'

// The letter e with an accent, as one character and as two. People see the same.
const composed = 'Pl\u00e9iade'
const decomposed = 'Ple\u0301iade'
const invisible = ['\u200b', '\u200d', '\u202e', '\u00ad', '\ufeff', '\u2060', '\u2028', '\u2029', '\u{e0041}', '\u{1d173}']
const start = '2026-03-02T09:15:00Z'

const lab = await aLabAtWork(t)

t.test('a barcode is stored and found in its composed form, however it is sent', async (t) => {
  const added = await lab.post('/api/containers', { device: 'Hotel', barcode: decomposed })
  t.match(added, { status: 201, body: { barcode: composed, name: composed } })
  t.match(await lab.post('/api/containers', { device: 'Hotel', barcode: composed }), { status: 409, body: { code: 'barcode-in-use' } })
  const { id } = added.body
  t.match(await lab.get(`/api/containers/${seg(decomposed)}`), { status: 200, body: { id } })
  t.match(await lab.get(`/api/containers?barcode=${seg(decomposed)}`), { body: { items: [{ id }] } })
  t.match(await lab.post('/api/containers/lookup', { barcodes: [decomposed] }), { body: { items: [{ barcode: composed, found: 'present', containers: [{ id }] }] } })
  t.match(await lab.post('/api/steps', { device: 'Washer', start, containers: [decomposed] }), { status: 201, body: { containers: [{ id, named: composed }], warnings: [] } })
  t.match(await lab.get(`/api/steps?container=${seg(decomposed)}`), { body: { items: [{ containers: [{ id }] }] } })
  t.match(await lab.patch(`/api/containers/${id}`, { name: decomposed, labware_type: decomposed }), { status: 200, body: { name: composed, labware_type: composed } })
  t.match(await lab.get(`/api/containers?labware_type=${seg(decomposed)}`), { body: { items: [{ id }] } })
  t.match(await lab.delete(`/api/containers/${id}`), { status: 200 })
})

t.test('so are the names of devices, groups, types, functions and processes', async (t) => {
  t.match(await lab.post('/api/devices', { name: decomposed, capacity: 2, group: decomposed, type: decomposed }), { status: 201, body: { name: composed, group: composed, type: composed } })
  t.match(await lab.get(`/api/devices/${seg(decomposed)}/positions`), { status: 200, body: [{ position: 0 }, { position: 1 }] })
  t.match(await lab.get(`/api/devices?type=${seg(decomposed)}`), { body: { items: [{ name: composed }] } })
  const data = { fct: decomposed, note: decomposed }
  const step = await lab.post('/api/steps', { device: decomposed, start, data })
  t.match(step, { status: 201, body: { fct: composed, device: composed, data: { fct: composed, note: decomposed }, warnings: [] } })
  t.match(await lab.get(`/api/steps?fct=${seg(decomposed)}`), { body: { items: [{ id: step.body.id }] } })
  t.match(await lab.patch(`/api/steps/${step.body.id}`, { reason: 'read again', data }), { status: 200, body: { fct: composed, data: { fct: composed } } })
  t.match(await lab.post('/api/processes', { name: decomposed, source: 'x' }), { status: 201, body: { name: composed } })
  t.match(await lab.put(`/api/labware-types/${seg(decomposed)}`, {}), { status: 201, body: { name: composed } })
  t.match(await lab.delete(`/api/labware-types/${seg(composed)}`), { status: 200 })
  t.match(await lab.delete(`/api/devices/${seg(composed)}`), { status: 200 })
})

t.test('a text for people stays as it was sent', async (t) => {
  const description = `${decomposed}\u200b`
  t.match(await lab.post('/api/devices', { name: 'Reader8', capacity: 0, description }), { status: 201, body: { description } })
  t.match(await lab.delete('/api/devices/Reader8'), { status: 200 })
})

t.test('the keys of a lab file are names, too', async (t) => {
  const answer = await lab.get('/api/lab/config')
  t.match(answer, { status: 200 })
  const file = answer.body
  const change = (servers: object, more: object = {}) => lab.put('/api/lab/config?dry_run=true', { ...file, sila_servers: { ...file.sila_servers, ...servers }, ...more })
  t.match((await change({ [decomposed]: { [decomposed]: { capacity: 1 } } })).body.changes.find(({ device }: { device: string }) => device === composed), { action: 'restore', group: composed })
  t.match(await change({ a: { [decomposed]: { capacity: 1 } }, b: { [composed]: { capacity: 1 } } }), { status: 400, body: { errors: [{ pointer: `/sila_servers/b/${composed}` }] } })
  t.match(await change({ [composed]: {}, [decomposed]: {} }), { status: 400, body: { errors: [{ pointer: `/sila_servers/${decomposed}` }] } })
  t.match(await change({}, { labware_types: { [composed]: {}, [decomposed]: {} } }), { status: 400, body: { errors: [{ pointer: `/labware_types/${decomposed}` }] } })
  t.match(await change({ a: { 'Wash\u200ber': { capacity: 1 } } }), { status: 400, body: { errors: [{ detail: /invisible characters: it contains U\+200B/ }] } })
})

t.test('an invisible character is refused in every name, by its number', async (t) => {
  for (const character of invisible) {
    const name = `UAM${character}100`
    const detail = `must not contain invisible characters: it contains U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
    const refused = (pointer: string) => ({ status: 400, body: { code: 'invalid-request', errors: [{ pointer, detail }] } })
    const unread = (parameter: string) => ({ status: 400, body: { code: 'invalid-request', errors: [{ parameter, detail }] } })
    t.match(await lab.post('/api/containers', { device: 'Hotel', barcode: name }), refused('/barcode'), character)
    t.match(await lab.post('/api/containers', { device: 'Hotel', name }), refused('/name'), character)
    t.match(await lab.post('/api/containers', { device: 'Hotel', labware_type: name }), refused('/labware_type'), character)
    t.match(await lab.post('/api/devices', { name, capacity: 1 }), refused('/name'), character)
    t.match(await lab.post('/api/steps', { device: 'Washer', start, containers: [name] }), refused('/containers/0'), character)
    t.match(await lab.post('/api/steps', { device: 'Washer', start, data: { fct: name } }), refused('/data/fct'), character)
    t.match(await lab.post('/api/processes', { name, source: 'x' }), refused('/name'), character)
    t.match(await lab.get(`/api/containers/${seg(name)}`), unread('container'), character)
    t.match(await lab.get(`/api/containers?barcode=${seg(name)}`), unread('barcode'), character)
    t.match(await lab.get(`/api/steps?fct=${seg(name)}`), unread('fct'), character)
  }
})

t.test('a group separator stands inside a barcode of GS1, and nowhere else', async (t) => {
  const barcode = '0104012345678901\u001d10LOT7'
  const added = await lab.post('/api/containers', { device: 'Hotel', barcode })
  t.match(added, { status: 201, body: { barcode, name: barcode } })
  const { id } = added.body
  t.match(await lab.get(`/api/containers/${seg(barcode)}`), { status: 200, body: { id } })
  t.match(await lab.get(`/api/containers?barcode=${seg(barcode)}`), { body: { items: [{ id }] } })
  t.match(await lab.post('/api/containers/lookup', { barcodes: [barcode] }), { body: { items: [{ barcode, found: 'present' }] } })
  t.match(await lab.post(`/api/containers/${seg(barcode)}/move`, { target_device: 'Washer' }), { status: 200 })
  t.match(await lab.post('/api/steps', { device: 'Washer', start, containers: [barcode] }), { status: 201, body: { containers: [{ id, named: barcode }] } })
  t.match(await lab.get('/api/lab'), { status: 200 })
  t.match(await lab.delete(`/api/containers/${seg(barcode)}`), { status: 200, body: { id } })
  for (const outer of ['\u001dA1', 'A1\u001d', 'A\u001e1']) {
    t.match(await lab.post('/api/containers', { device: 'Hotel', barcode: outer }), { status: 400, body: { errors: [{ pointer: '/barcode', detail: /control characters other than GS/ }] } })
  }
  t.match(await lab.post('/api/devices', { name: 'A\u001d1', capacity: 1 }), { status: 400, body: { errors: [{ pointer: '/name' }] } })
})
