import t from 'tap'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { seg } from '../support/service.ts'

// Input that looks like a mistake and is allowed: names that people and barcode readers make, and members that a client may leave out.

const names = [
  'a/b', 'a b', '100%', '%2F', 'a+b', 'a?b#c', 'a&b=c', 'a;b', '🧪', '🧪'.repeat(200), 'Äußerst', '培養', 'a\\b', '"quoted"', "O'Brien", "'; DROP TABLE container; --", '$1', '${x}', '{{x}}',
  '<b>', '...', '-1', '0', '1e5', 'null', 'undefined', 'true', 'constructor', 'toString', '__proto__', 'positions', 'batch'
]

const lab = await aLabAtWork(t)

t.test('a barcode may be anything that can be read: it is found, moved, filtered and removed by it', async (t) => {
  for (const barcode of names) {
    const added = await lab.post('/api/containers', { device: 'Hotel', barcode })
    t.match(added, { status: 201, body: { barcode, name: barcode } }, barcode)
    const { id } = added.body
    t.match(await lab.get(`/api/containers/${seg(barcode)}`), { status: 200, body: { id } }, barcode)
    t.match(await lab.post(`/api/containers/${seg(barcode)}/move`, { target_device: 'Washer' }), { status: 200, body: { container: { device: 'Washer' } } }, barcode)
    t.match(await lab.get(`/api/containers?barcode=${seg(barcode)}`), { status: 200, body: { items: [{ id }] } }, barcode)
    t.match(await lab.post('/api/steps', { device: 'Washer', start: '2026-03-02T09:15:00Z', containers: [barcode] }), { status: 201, body: { containers: [{ id, named: barcode }], warnings: [] } }, barcode)
    t.match(await lab.get(`/api/steps?container=${seg(barcode)}`), { status: 200, body: { items: [{ containers: [{ id }] }] } }, barcode)
    t.match(await lab.delete(`/api/containers/${seg(barcode)}`), { status: 200, body: { id, device: null } }, barcode)
  }
})

t.test('so may the name of a device, except one that a lab file cannot hold', async (t) => {
  const ofDevices = names.filter((name) => name !== '__proto__')
  t.match(await lab.post('/api/devices', { name: '__proto__', capacity: 1 }), { status: 400, body: { errors: [{ pointer: '/name' }] } })
  for (const name of ofDevices) {
    t.match(await lab.post('/api/devices', { name, capacity: 1 }), { status: 201, headers: { location: `/api/devices/${seg(name)}` }, body: { name } }, name)
    t.match(await lab.get(`/api/devices/${seg(name)}/positions`), { status: 200, body: [{ position: 0, empty: true }] }, name)
    t.match(await lab.get(`/api/devices/${seg(name)}/positions/0`), { status: 200 }, name)
    t.match(await lab.post('/api/estimates', { step: { device: name } }), { status: 200 }, name)
  }
  const file = await lab.get('/api/lab/config')
  t.match(ofDevices.filter((name) => !Object.hasOwn(file.body.sila_servers.devices, name)), [], 'all are in the lab file')
  for (const name of ofDevices) t.match(await lab.delete(`/api/devices/${seg(name)}`), { status: 200, body: { name } }, name)
})

t.test('a content type without a body means nothing', async (t) => {
  t.match(await lab.call('DELETE', '/api/containers/P2', undefined, { 'content-type': 'application/json' }), { status: 200 })
  t.match(await lab.call('GET', '/api/lab', undefined, { 'content-type': 'application/json' }), { status: 200 })
})

t.test('JSON may say its charset, and begin with a byte order mark', async (t) => {
  t.match(await lab.post('/api/estimates', '\ufeff{"step":{"device":"Hotel"}}', { 'content-type': 'application/json; charset=utf-8' }), { status: 200 })
  t.match(await lab.post('/api/estimates', { step: { device: 'Hotel' } }, { 'content-encoding': 'identity' }), { status: 200 })
})

t.test('members with the names of JavaScript\'s own are members', async (t) => {
  const data = { constructor: { prototype: { x: 1 } }, toString: 'x', hasOwnProperty: null, length: -1 }
  t.match(await lab.post('/api/steps', { device: 'Hotel', start: '2026-03-02T09:15:00Z', data }), { status: 201, body: { data } })
})

t.test('a request id of the caller comes back; one that cannot stand in a log is replaced', async (t) => {
  t.equal((await lab.get('/api/lab', { 'x-request-id': 'run-17:step.4' })).headers['x-request-id'], 'run-17:step.4')
  t.match((await lab.get('/api/lab', { 'x-request-id': 'a b"\\n' })).headers['x-request-id'], /^[0-9a-f-]{36}$/)
})
