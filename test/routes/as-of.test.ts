import t from 'tap'
import { seededRandom } from '../../src/estimation/random.ts'
import { withoutReservations } from '../support/lab-state.ts'
import { aLab } from '../support/service.ts'

t.test('a read with `at` answers the state as of then, by revision or time', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1 })
  const { body: { id } } = await service.post('/api/containers', { device: 'Hotel', barcode: 'P1', lidded: true })
  const { body: { revision } } = await service.get('/api/lab')
  const { body: before } = await service.get('/api/containers/P1')
  await service.post('/api/containers/P1/unlid', { lid_device: 'Hotel', lid_pos: 3 })
  const { body: [{ recorded_at }] } = { body: (await service.get('/api/events?sort=-revision&limit=1')).body.items }
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  await service.patch('/api/devices/Hotel', { name: 'Hotel1' })
  await service.patch('/api/containers/P1', { barcode: 'P2' })
  await service.delete('/api/containers/P2')

  t.strictSame((await service.get(`/api/containers/P1?at=${revision}`)).body, before, 'with the name that the device had')
  t.strictSame((await service.get(`/api/containers/${id}?at=${revision}`)).body, before)
  t.match((await service.get(`/api/containers/P1?at=${recorded_at}`)).body, { device: 'Hotel', lidded: false, lid: { device: 'Hotel', position: 3 } })
  t.match((await service.get(`/api/containers/P1?at=${revision + 3}`)).body, { device: 'Washer', lid: { device: 'Hotel1' }, starting_device: 'Hotel1' }, 'renamed since')
  t.match((await service.get(`/api/containers/P2?at=${revision + 4}`)).body, { id })
  t.equal((await service.get(`/api/containers/P2?at=${revision}`)).status, 404, 'it was not called so yet')
  t.equal((await service.get(`/api/containers/P2?at=${revision + 5}`)).status, 404, 'it is not on the platform any more')
  t.equal((await service.get(`/api/containers/${id}?at=0`)).status, 404, 'it was not there yet')
  t.match((await service.get(`/api/containers/${id}?at=2999-01-01T00:00:00Z`)).body, (await service.get(`/api/containers/${id}`)).body)

  t.match((await service.get(`/api/devices/Hotel?at=${revision}`)).body, { name: 'Hotel', capacity: 4 })
  t.equal((await service.get(`/api/devices/Hotel1?at=${revision}`)).status, 404)
  t.match((await service.get(`/api/devices/Hotel/positions?at=${revision + 1}`)).body.map(({ container_id, occupied_by }: { container_id: string, occupied_by: string }) => [container_id, occupied_by]),
    [[id, 'container'], [null, null], [null, null], [id, 'lid']])
  t.match((await service.get(`/api/devices/Hotel/positions?at=${revision + 1}&empty=true&limit=1`)).body, [{ position: 1, empty: true }])
  t.match((await service.get(`/api/devices/Hotel/positions/0?at=${revision}`)).body, { container: 'P1', occupant: before })
  t.match(await service.get(`/api/devices/Hotel/positions/4?at=${revision}`), { status: 404, body: { code: 'position-not-found', valid_range: { minimum: 0, maximum: 3 } } })
  t.match((await service.get(`/api/lab?at=${revision}`)).body, { revision, totals: { occupied: 1, containers: 1, containers_removed: 0 }, devices: [{ name: 'Hotel', reserved: null, containers: [{ id, position: 0 }] }, { name: 'Washer' }] })
  t.match((await service.get(`/api/lab?at=${revision + 1}`)).body.devices[0].containers, [{ since: before.created_at, last_event: { kind: 'unlidded', recorded_at } }], 'an unlidded plate stays where it is')
})

t.test('devices stand in the order that they had then, though some were added, renamed, regrouped or retired', async (t) => {
  const service = await aLab(t, { Bath: 1, Hotel: 4, Washer: 1 })
  const states = [(await service.get('/api/lab')).body]
  const changes = [
    () => service.post('/api/devices', { name: 'Zoom', capacity: 2 }),
    () => service.post('/api/devices', { name: 'Arm', capacity: 2 }),
    () => service.patch('/api/devices/Bath', { name: 'Waterbath' }),
    () => service.patch('/api/devices/Washer', { group: 'wet' }),
    () => service.patch('/api/devices/Arm', { group: 'wet' }),
    () => service.patch('/api/devices/Washer', { group: 'devices' }),
    () => service.delete('/api/devices/Hotel'),
    () => service.post('/api/devices', { name: 'Hotel', capacity: 3 }),
    () => service.put('/api/lab/config', { sila_servers: { wet: { Zoom: { capacity: 1 } }, dry: { Arm: { capacity: 2 }, Hotel: { capacity: 5 } } } })
  ]
  for (const change of changes) {
    t.ok((await change()).status < 300)
    states.push((await service.get('/api/lab')).body)
  }
  for (const state of states) t.strictSame((await service.get(`/api/lab?at=${state.revision}`)).body, withoutReservations(state), `as of ${state.revision}`)
})

t.test('no read of the log is compiled first, which would take seconds on an installed PostgreSQL', async (t) => {
  const service = await aLab(t, { Hotel: 1 })
  t.match((await service.query('SHOW jit')).rows, [{ jit: 'off' }])
})

t.test('what is no revision nor time, or is still to come, is named', async (t) => {
  const service = await aLab(t, { Hotel: 1 })
  for (const at of ['-1', '1.5', 'yesterday', '2026-03-02T09:00:00', '999', '01']) {
    for (const path of ['/api/lab', '/api/devices/Hotel', '/api/devices/Hotel/positions', '/api/devices/Hotel/positions/0', '/api/containers/P1']) {
      t.match(await service.get(`${path}?at=${at}`), { status: 400, body: { errors: [{ in: 'query', parameter: 'at' }] } }, `${path} at ${at}`)
    }
  }
})

t.test('the log alone rebuilds the tables as they were at any revision', async (t) => {
  const service = await aLab(t, { Hotel: 6, Stack: 3, Washer: 1 })
  const random = seededRandom([20261125])
  const pick = <T> (of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const barcodes = Array.from({ length: 8 }, (_, n) => `P${n}`)
  const devices = ['Hotel', 'Stack', 'Washer', 'Tower']
  const commands = [
    () => service.post('/api/containers', { device: pick(devices), barcode: pick(barcodes), lidded: random() < 0.5 }),
    () => service.post('/api/containers', { device: pick(devices), barcode: pick(barcodes), lidded: random() < 0.5 }),
    () => service.post(`/api/containers/${pick(barcodes)}/move`, { target_device: pick(devices) }),
    () => service.post(`/api/containers/${pick(barcodes)}/unlid`, { lid_device: pick(devices) }),
    () => service.post(`/api/containers/${pick(barcodes)}/lid`, {}),
    () => service.post('/api/transfers', { container: pick(barcodes), target: { device: pick(devices) }, lid: random() < 0.5 ? { action: 'on' } : { action: 'off', device: pick(devices) } }),
    () => service.post(`/api/containers/${pick(barcodes)}/correct`, { reason: 'seen', device: pick(devices), position: Math.floor(random() * 3), displace: 'remove' }),
    () => service.patch(`/api/containers/${pick(barcodes)}`, { content: String(random()) }),
    () => service.patch(`/api/containers/${pick(barcodes)}`, { barcode: pick(barcodes) }),
    () => service.delete(`/api/containers/${pick(barcodes)}`),
    () => service.patch(`/api/devices/${pick(devices)}`, { capacity: 2 + Math.floor(random() * 5) }),
    () => random() < 0.5 ? service.patch('/api/devices/Stack', { name: 'Tower' }) : service.patch('/api/devices/Tower', { name: 'Stack' }),
    () => service.patch(`/api/devices/${pick(devices)}/positions/1`, { deep_well_suited: random() < 0.5 })
  ]
  type Seen = { lab: any, positions: Record<string, any>, containers: any[] }
  const seen = new Map<number, Seen>()
  const look = async (at?: number): Promise<Seen> => {
    const then = at === undefined ? '' : `?at=${at}`
    const lab = withoutReservations((await service.get(`/api/lab${then}`)).body)
    lab.devices.sort((a, b) => a.name < b.name ? -1 : 1)
    const positions = Object.fromEntries(await Promise.all(lab.devices.map(async ({ name }) => [name, (await service.get(`/api/devices/${name}/positions${then}`)).body])))
    const { body: { items } } = await service.get('/api/containers?removed=any&limit=500')
    const read = await Promise.all(items.map(async ({ id }: { id: string }) => (await service.get(`/api/containers/${id}${then}`)).body))
    return { lab, positions, containers: read.filter(({ status }) => status !== 404) }
  }
  for (let n = 0; n < 120; n++) {
    await pick(commands)()
    if (n % 6 === 0) {
      const state = await look()
      seen.set(state.lab.revision, state)
    }
  }
  t.ok(seen.size > 12, `${seen.size} revisions`)
  for (const [revision, state] of seen) t.strictSame(await look(revision), state, `as of revision ${revision}`)
})
