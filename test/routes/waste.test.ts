import t from 'tap'
import { randomUUID } from 'node:crypto'
import { withoutReservations } from '../support/lab-state.ts'
import { aLab, aService, type Service } from '../support/service.ts'

/** A lab with a waste bin of one slot, one without slots, and a hotel whose last slot is a chute. */
async function aLabWithWaste (t: Parameters<typeof aService>[0]): Promise<Service> {
  const lab = await aService(t)
  await lab.put('/api/lab/config', { sila_servers: { storage: { Hotel: { capacity: 4 } }, bins: { Waste: { capacity: 1, disposes: true }, Chute: { capacity: 0, disposes: true } } } })
  await lab.patch('/api/devices/Hotel/positions/3', { disposes: true })
  return lab
}

const add = async (lab: Service, barcode: string, rest: object = {}): Promise<string> => {
  const { status, text, body } = await lab.post('/api/containers', { device: 'Hotel', barcode, ...rest })
  if (status !== 201) throw new Error(text)
  return body.id
}

t.test('what is moved to waste is off the platform in the same command', async (t) => {
  const lab = await aLabWithWaste(t)
  for (const [barcode, target, place] of [
    ['P1', { target_device: 'Waste' }, { device: 'Waste', position: 0 }],
    ['P2', { target_device: 'Waste', target_pos: 0 }, { device: 'Waste', position: 0 }],
    ['P3', { target_device: 'Waste', target_pos: 77 }, { device: 'Waste', position: 0 }],
    ['P4', { target_device: 'Chute' }, { device: 'Chute', position: null }],
    ['P5', { target_device: 'Hotel', target_pos: 3 }, { device: 'Hotel', position: 3 }]
  ] as const) {
    const id = await add(lab, barcode, { lid: { device: 'Hotel' } })
    const { body: { revision } } = await lab.get('/api/lab')
    const answer = await lab.post(`/api/containers/${barcode}/move`, { source_device: 'Hotel', ...target })
    t.match(answer, { status: 200, body: { status: 'success', container: { barcode, device: null, position: null, lid: null, removed_at: String } } }, barcode)
    const { body: { items } } = await lab.get(`/api/events?after=${revision}`)
    t.match(items, [{ kind: 'disposed', revision: revision + 1, container_id: id, before: { device: 'Hotel' }, after: { ...place, removed_at: String } }], 'one event, with the place')
    t.equal(items.length, 1)
    t.match((await lab.get(`/api/containers/${id}/history`)).body.items.at(-1), { kind: 'disposed', from: { device: 'Hotel' }, to: { device: place.device } })
    t.match((await lab.get(`/api/containers/${id}?at=${revision + 1}`)).body, { device: null, lid: null, removed_at: String })
    t.match((await lab.get(`/api/containers/${id}?at=${revision}`)).body, { device: 'Hotel', lid: { device: 'Hotel' } })
    t.match(await lab.post(`/api/containers/${id}/move`, target), { status: 409, body: { code: 'container-removed' } })
    t.equal((await lab.get(`/api/containers/${barcode}`)).status, 404)
    t.match((await lab.get(`/api/events?device=${place.device}&sort=-revision&limit=1`)).body.items, [{ kind: 'disposed' }])
  }
  t.match((await lab.get('/api/lab')).body, {
    totals: { devices: 3, positions: 3, occupied: 0, empty: 3, utilization: 0, containers: 0, containers_removed: 5 },
    devices: [
      { name: 'Hotel', disposes: false, waste: [3], positions: 4 }, { name: 'Waste', disposes: true, waste: [0], positions: 1, containers: [] },
      { name: 'Chute', disposes: true, waste: [] }
    ]
  })
  const { body: now } = await lab.get('/api/lab')
  t.strictSame((await lab.get(`/api/lab?at=${now.revision}`)).body, withoutReservations(now))
  t.match((await lab.get('/api/lab/health')).body, { healthy: true, findings: [] })
})

t.test('every way to waste disposes: by place, by transfer, by correction', async (t) => {
  const lab = await aLabWithWaste(t)
  await add(lab, 'P1', { position: 0 })
  t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 0, target_device: 'Waste', barcode: 'P1' }), { status: 200, body: { container: { removed_at: String } } })

  const id = await add(lab, 'P2', { position: 0, lidded: true })
  const step = { id: randomUUID(), device: 'Arm', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:15:31Z' }
  const transfer = { container: 'P2', source: { device: 'Hotel', position: 0 }, target: { device: 'Waste', position: 0 }, step }
  t.match(await lab.post('/api/transfers?dry_run=true', transfer), { status: 200, body: { status: 'dry-run', findings: [] } })
  const done = await lab.post('/api/transfers', transfer)
  t.match(done, { status: 200, body: { container: { id, removed_at: String, device: null }, step: { kind: 'move', destination: { device: 'Waste', position: 0 }, origin: { device: 'Hotel', position: 0 } } } })
  t.strictSame((await lab.post('/api/transfers', transfer)).body, done.body, 'a retry is answered with the same')
  t.match((await lab.get('/api/events?kind=disposed&sort=-revision&limit=1')).body.items, [{ revision: done.body.revision, container_id: id }])

  const found = await add(lab, 'P3-old', { position: 0 })
  t.match(await lab.post('/api/containers/P3-old/correct', { reason: 'Seen in the bin.', device: 'Waste', position: 0, barcode: 'P3' }), { status: 200, body: { container: { removed_at: String, barcode: 'P3', name: 'P3' } } })
  t.match((await lab.get('/api/events?kind=disposed&sort=-revision&limit=1')).body.items, [{ reason: 'Seen in the bin.', container_id: found, after: { device: 'Waste' } }])
  t.match(await lab.post(`/api/containers/${found}/correct`, { reason: 'Still there.', device: 'Waste', position: 0 }), { status: 200, body: { container: { version: 2 } } }, 'nothing changes')

  await add(lab, 'P4', { position: 0 })
  await add(lab, 'P5', { position: 1 })
  t.match(await lab.post('/api/containers/P4/correct', { reason: 'P5 went into the bin.', device: 'Hotel', position: 1, displace: { device: 'Waste', position: 0 } }), { status: 200, body: { container: { position: 1 } } })
  t.match((await lab.get('/api/containers?barcode=P5&removed=any')).body.items, [{ removed_at: String }])
  t.match((await lab.get('/api/lab/health')).body, { healthy: true, findings: [] })
})

t.test('a lid that is disposed of leaves its container without one', async (t) => {
  const lab = await aLabWithWaste(t)
  await add(lab, 'P1', { position: 0, lidded: true })
  t.match((await lab.post('/api/containers/P1/unlid', { lid_device: 'Waste' })).body, { container: { lidded: false, lid: null, device: 'Hotel', version: 2 } })
  t.match((await lab.get('/api/events?kind=disposed')).body.items, [{ before: { lidded: true }, after: { lidded: false, lid: { device: 'Waste', position: 0 }, device: 'Hotel' } }])
  t.match((await lab.post('/api/containers/P1/unlid', { lid_device: 'Waste', lid_pos: 5 })).body, { container: { version: 2 } }, 'a repetition changes nothing')
  t.match((await lab.get('/api/containers/P1?at=3')).body, { lid: null })

  await add(lab, 'P2', { position: 1, lid: { device: 'Hotel', position: 2 } })
  t.match((await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 2, target_device: 'Chute' })).body, { container: { barcode: 'P2', lidded: false, lid: null, position: 1 } })
  t.match((await lab.get('/api/devices/Hotel/positions/2')).body, { empty: true })

  await add(lab, 'P3', { position: 2, lidded: true })
  t.match(await lab.post('/api/transfers', { container: 'P3', lid: { action: 'off', device: 'Waste' }, target: { device: 'Hotel', position: 2 } }), { status: 200, body: { container: { lidded: false, lid: null, position: 2 } } })
  t.match(await lab.post('/api/transfers', { container: 'P3', lid: { action: 'off', device: 'Hotel', position: 0 }, target: { device: 'Waste' } }), { status: 409, body: { code: 'position-disposes', pointer: '/lid/device', lid: { device: 'Hotel', position: 0 } } }, 'a lid is not parked without its container')
  await lab.post('/api/containers/P1/move', { target_device: 'Waste' })
  t.match(await lab.post('/api/transfers', { container: 'P3', lid: { action: 'off', device: 'Waste' }, target: { device: 'Waste' } }), { status: 200, body: { container: { removed_at: String } } })
  t.match((await lab.get('/api/lab/health')).body, { healthy: true, findings: [] })
})

t.test('a lid that is taken off a container which goes into waste is never lost silently', async (t) => {
  const lab = await aLabWithWaste(t)
  const id = await add(lab, 'P1', { position: 0, lidded: true })
  const step = { device: 'Arm', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:15:31Z' }
  const transfer = (lid: object) => ({ container: 'P1', target: { device: 'Waste' }, lid: { action: 'off', ...lid }, step })
  const { text: before } = await lab.get('/api/lab')
  for (const lid of [{ device: 'Hotel', position: 1 }, { device: 'Hotel' }]) {
    const refused = { code: 'position-disposes', pointer: '/lid/device', detail: /A lid cannot stay on the platform without its container, so it cannot be parked .*Hotel/ }
    t.match(await lab.post('/api/transfers', transfer(lid)), { status: 409, body: refused })
    t.match((await lab.post('/api/transfers?dry_run=true', transfer(lid))).body.findings, [refused])
    t.match(await lab.post('/api/transfers/batch', { transfers: [transfer(lid)] }), { status: 409, body: { pointer: '/transfers/0/lid/device', index: 0 } })
  }
  const seen = { reason: 'Seen in the bin.', device: 'Waste', position: 0, lid: { device: 'Hotel', position: 1 } }
  t.match(await lab.post('/api/containers/P1/correct', seen), { status: 409, body: { code: 'position-disposes', pointer: '/lid/device', lid: seen.lid, detail: /A lid cannot stay on the platform/ } }, 'nor by a correction')
  t.equal((await lab.get('/api/lab')).text, before, 'nothing was changed')
  t.match(await lab.post('/api/containers/P1/correct?dry_run=true', { ...seen, lid: { device: 'Chute', position: 0 } }), { status: 200, body: { container: { removed_at: String } } })
  t.match(await lab.post('/api/transfers', transfer({ device: 'Chute' })), { status: 200, body: { container: { removed_at: String, lidded: false }, step: { lidded_before: true, lidded_after: false } } })
  t.same((await lab.get(`/api/events?container=${id}`)).body.items.map(({ kind }: any) => kind), ['added', 'disposed', 'disposed', 'steps-logged'])
})

t.test('nothing ever stands in waste, and no search takes it', async (t) => {
  const lab = await aLabWithWaste(t)
  t.match(await lab.post('/api/containers', { device: 'Waste', position: 0 }), { status: 409, body: { code: 'position-disposes', device: 'Waste', position: 0, pointer: '/position', detail: /record a move to Waste/ } })
  const parked = { device: 'Hotel', lid: { device: 'Waste', position: 0 } }
  t.match(await lab.post('/api/containers', parked), { status: 409, body: { code: 'position-disposes', pointer: '/lid/device', detail: /A lid that went there is nowhere: send `lid` null/ } })
  t.match(await lab.post('/api/reservations', { device: 'Waste', purpose: 'container', owner: 'o', ttl_seconds: 60 }), { status: 409, body: { code: 'no-free-position', detail: /Every slot of Waste disposes/ } })
  t.match(await lab.post('/api/containers', { device: 'Waste' }), { status: 409, body: { code: 'no-free-position', disposing: 1, detail: /record a move/ } })
  t.match(await lab.post('/api/containers', { device: 'Hotel', position: 0, lid: { device: 'Waste' } }), { status: 409, body: { code: 'position-disposes', pointer: '/lid/device' } })
  for (const barcode of ['P1', 'P2', 'P3']) await add(lab, barcode)
  t.match(await lab.post('/api/containers', { device: 'Hotel' }), { status: 409, body: { code: 'no-free-position', positions: 4, disposing: 1 } }, 'the chute in the hotel is not free')
  t.match(await lab.post('/api/containers/P1/move', { target_device: 'Hotel' }), { status: 409, body: { code: 'no-free-position' } })
  const reservation = { purpose: 'container', owner: 'o', ttl_seconds: 60 }
  t.match(await lab.post('/api/reservations', { ...reservation, device: 'Waste' }), { status: 409, body: { code: 'no-free-position', free: 0 } })
  t.match(await lab.post('/api/reservations', { ...reservation, device: 'Hotel' }), { status: 409, body: { code: 'no-free-position', free: 0 } })
  t.strictSame((await lab.get('/api/devices/Hotel/positions?empty=true')).body, [])
  t.match((await lab.get('/api/devices/Hotel/positions')).body[3], { empty: true, disposes: true })
  t.strictSame((await lab.get('/api/devices/Hotel/positions?empty=true&at=1')).body.length, 4, 'before there was a chute')
  await t.rejects(lab.query('UPDATE placement SET position_id = (SELECT id FROM position WHERE disposes LIMIT 1) WHERE container_id = (SELECT id FROM container LIMIT 1)'), { message: /placement_on_active_position/ })
})

t.test('slots that hold something are not turned into waste', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  await add(lab, 'P1', { position: 1, lid: { device: 'Hotel', position: 2 } })
  const occupied = [{ device: 'Hotel', position: 1, occupant: { barcode: 'P1', part: 'container' } }, { position: 2, occupant: { part: 'lid' } }]
  t.match(await lab.patch('/api/devices/Hotel', { disposes: true }), { status: 409, body: { code: 'slots-occupied', disposes: true, occupied, detail: /into waste/ } })
  t.match(await lab.patch('/api/devices/Hotel/positions/1', { disposes: true }), { status: 409, body: { code: 'slots-occupied', occupied: [{ position: 1 }] } })
  const file = { sila_servers: { devices: { Hotel: { capacity: 3, disposes: true } } } }
  for (const query of ['', '?dry_run=true']) t.match(await lab.put(`/api/lab/config${query}`, file), { status: 409, body: { code: 'slots-occupied', occupied } })
  t.match((await lab.get('/api/devices/Hotel')).body, { disposes: false, version: 1 })

  await lab.patch('/api/devices/Hotel/positions/1', { disposes: false })
  await lab.patch('/api/devices/Hotel/positions/2', { disposes: false })
  t.match(await lab.patch('/api/devices/Hotel', { disposes: true }), { status: 200, body: { disposes: true } }, 'slots that say otherwise')
  t.match((await lab.get('/api/devices/Hotel/positions')).body, [{ disposes: true }, { disposes: false }, { disposes: false }])
  t.match((await lab.get('/api/lab')).body.totals, { positions: 2, occupied: 2 })
  t.match(await lab.patch('/api/devices/Hotel/positions/1', { disposes: null }), { status: 409, body: { code: 'slots-occupied' } })
  t.match((await lab.get('/api/lab/config')).body.sila_servers.devices, { Hotel: { disposes: true } })
})

t.test('a slot that becomes waste leaves its reservation', async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  const { body: { id } } = await lab.post('/api/reservations', { device: 'Hotel', purpose: 'container', owner: 'o', ttl_seconds: 60, count: 2 })
  await lab.patch('/api/devices/Hotel/positions/0', { disposes: true })
  t.match((await lab.get(`/api/reservations/${id}`)).body, { positions: [{ position: 1 }] })
  await lab.patch('/api/devices/Hotel', { disposes: true })
  t.equal((await lab.get(`/api/reservations/${id}`)).status, 404)
})

t.test('restoring the lab brings back what was waste, and what was not', async (t) => {
  const lab = await aLab(t, { Hotel: 2, Bin: 1 })
  await add(lab, 'P1', { position: 0 })
  await lab.patch('/api/devices/Bin', { disposes: true })
  const { body: { revision } } = await lab.get('/api/lab')
  await lab.post('/api/containers/P1/move', { target_device: 'Bin' })
  await lab.patch('/api/devices/Hotel/positions/0', { disposes: true })
  await lab.patch('/api/devices/Bin', { disposes: false })
  t.match((await lab.post('/api/lab/restore', { at: revision, reason: 'by mistake' })).body, { applied: true, findings: [], containers: [{ barcode: 'P1', device: 'Hotel', position: 0 }] })
  t.match((await lab.get('/api/devices/Hotel/positions')).body, [{ container: 'P1', disposes: false }, { disposes: false }])
  t.match((await lab.get('/api/devices/Bin')).body, { disposes: true })
})

t.test('a stocktake that sees a plate in waste is refused when it is applied, names the slot, and changes nothing', async (t) => {
  const lab = await aLab(t, { Hotel: 4 })
  await lab.patch('/api/devices/Hotel/positions/3', { disposes: true })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'SEEN' })
  const { body: { revision } } = await lab.get('/api/lab')
  const take = async (apply: boolean) => await lab.post('/api/stocktakes', { device: 'Hotel', seen: [{ position: 1, barcode: 'SEEN' }, { position: 3, barcode: null }], apply, reason: 'seen' })
  const told = { code: 'position-disposes', device: 'Hotel', position: 3, pointer: '/seen/1/position', index: 1 }
  t.match(await take(true), { status: 409, body: told })
  t.match(await take(false), { status: 200, body: { applied: false, findings: [told] } }, 'a comparison tells it')
  t.equal((await lab.get('/api/lab')).body.revision, revision)
})
