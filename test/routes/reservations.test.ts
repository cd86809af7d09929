import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { aLab, type Service } from '../support/service.ts'

const input = { device: 'Hotel', purpose: 'container', owner: 'orchestrator-1', ttl_seconds: 600 }

async function slotsOf (service: Service, more: object): Promise<number[]> {
  const { status, body, text } = await service.post('/api/reservations', { ...input, ...more })
  if (status !== 201) throw new Error(text)
  return body.positions.map(({ position }: { position: number }) => position)
}

t.test('a reserved slot is promised: searches pass it over, others are refused, its owner uses it up', async (t) => {
  const service = await aLab(t, { Hotel: 3, Washer: 1 })
  const { status, body: reservation, headers } = await service.post('/api/reservations', input)
  t.equal(status, 201)
  t.match(reservation, { positions: [{ device: 'Hotel', position: 0 }], owner: 'orchestrator-1', purpose: 'container', ttl_seconds: 600, version: 1 })
  t.equal(headers.location, `/api/reservations/${reservation.id}`)

  const { id, owner, expires_at } = reservation
  t.match((await service.get('/api/devices/Hotel/positions')).body[0], { position: 0, empty: true, reserved: { id, owner, expires_at } })
  t.match((await service.get('/api/devices/Hotel/positions/0')).body, { empty: true, reserved: { id }, occupant: null })
  t.match((await service.get('/api/devices/Hotel/positions?empty=true&limit=1')).body, [{ position: 1, reserved: null }])

  t.match((await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })).body, { position: 1 }, 'the lowest free slot is the next')
  t.match(await service.post('/api/containers', { device: 'Hotel', position: 0 }), { status: 409, body: { code: 'position-reserved', reserved: { id, owner }, pointer: '/position' } })
  t.match(await service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 0 }), { status: 409, body: { code: 'position-reserved', pointer: '/target_pos' } })
  t.match(await service.post('/api/containers/P1/unlid', { lid_device: 'Hotel', lid_pos: 0 }), { status: 409, body: { code: 'position-reserved', pointer: '/lid_pos' } })
  t.match(await service.post('/api/moves', { source_device: 'Hotel', source_pos: 1, target_device: 'Hotel', target_pos: 0 }), { status: 409, body: { code: 'position-reserved' } })

  t.match((await service.post('/api/containers/P1/move', { target_device: 'Hotel', reservation_id: id })).body, { container: { position: 0 } }, 'without a slot the reserved one')
  t.equal((await service.get(`/api/reservations/${id}`)).status, 404, 'it is used up')
  t.equal((await service.get('/api/devices/Hotel/positions/0')).body.reserved, null)
})

t.test('every way to place something takes its reservation', async (t) => {
  const service = await aLab(t, { Hotel: 8 })
  const reserved = async (more: object = {}): Promise<string> => (await service.post('/api/reservations', { ...input, strategy: 'last', ...more })).body.id
  t.match((await service.post('/api/containers', { device: 'Hotel', barcode: 'P1', reservation_id: await reserved(), lid: { device: 'Hotel' }, lid_reservation_id: await reserved({ purpose: 'lid' }) })).body,
    { position: 7, lid: { position: 6 } })
  t.match((await service.post('/api/containers/batch', { containers: [{ device: 'Hotel', barcode: 'P2', reservation_id: await reserved() }] })).body.items, [{ position: 5 }])
  t.match((await service.post('/api/containers/P2/unlid', { lid_device: 'Hotel', reservation_id: await reserved({ purpose: 'lid' }) })).body.container, { lid: { position: 4 } })
  t.match((await service.post('/api/moves', { source_device: 'Hotel', source_pos: 5, target_device: 'Hotel', target_pos: 3, reservation_id: await reserved() })).body.container, { position: 3 })
  t.strictSame((await service.get('/api/reservations')).body.items, [])
})

t.test('a reservation is for its slots and its purpose, and for as long as it holds', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1 })
  await service.post('/api/containers', { device: 'Hotel', position: 3, barcode: 'P1' })
  const { body: { id } } = await service.post('/api/reservations', input)
  const { body: { id: forLid } } = await service.post('/api/reservations', { ...input, purpose: 'lid' })
  const move = (target_pos: number | undefined, reservation_id: string, target_device = 'Hotel') => service.post('/api/containers/P1/move', { target_device, target_pos, reservation_id })
  t.match(await move(2, id), { status: 409, body: { code: 'reservation-mismatch', reservation: { id, positions: [{ device: 'Hotel', position: 0 }] } } }, 'of another slot')
  t.match(await move(1, id), { status: 409, body: { code: 'reservation-mismatch' } }, 'of a slot that is promised to somebody else')
  t.match(await move(1, forLid), { status: 409, body: { code: 'reservation-mismatch', reservation: { purpose: 'lid' } } }, 'of a slot for a lid')
  t.match(await move(undefined, id, 'Washer'), { status: 409, body: { code: 'reservation-mismatch' } }, 'of another device')
  t.match(await move(0, '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11'), { status: 404, body: { code: 'reservation-not-found', pointer: '/reservation_id' } })
  t.match((await service.get('/api/containers/P1')).body, { position: 3, version: 1 }, 'nothing was changed')

  await service.query("UPDATE reservation SET expires_at = clock_timestamp() - interval '1 millisecond'")
  t.match(await move(0, id), { status: 404, body: { code: 'reservation-not-found' } }, 'it is over')
  const ended = service.query('SELECT claim_position(p.id, $1, $2, $3) FROM position p LIMIT 1', ['body', id, '/target_pos'])
  await t.rejects(ended, { message: 'reservation-not-found' }, 'also when it ended since the command began')
  t.equal((await service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 0 })).status, 200, 'its slot is free')
  t.strictSame(await slotsOf(service, { count: 3 }), [1, 2, 3], 'what is over is in nobody\'s way')
})

t.test('many slots at once, neighbours, from the end, the least used, or of any device of a type', async (t) => {
  const service = await aLab(t, { Hotel: 8 })
  for (const name of ['Shaker1', 'Shaker2']) await service.post('/api/devices', { name, capacity: 2, type: 'shaker' })
  await service.post('/api/containers', { device: 'Hotel', position: 2, barcode: 'P1' })
  await service.patch('/api/devices/Hotel/positions/5', { deep_well_suited: true })
  t.strictSame(await slotsOf(service, { count: 2 }), [0, 1])
  t.strictSame(await slotsOf(service, { count: 2, consecutive: true, strategy: 'last' }), [6, 7])
  t.strictSame(await slotsOf(service, { deep_well: true }), [5])
  t.match(await service.post('/api/reservations', { ...input, count: 3, consecutive: true }), { status: 409, body: { code: 'no-free-position', wanted: 3, free: 2 } })
  t.strictSame(await slotsOf(service, { count: 2, consecutive: true }), [3, 4])
  t.match(await service.post('/api/reservations', input), { status: 409, body: { code: 'no-free-position', wanted: 1, free: 0 } })
  t.match(await service.post('/api/containers', { device: 'Hotel' }), { status: 409, body: { code: 'no-free-position', reserved: 7 } })

  const ofType = { ...input, device: undefined, type: 'shaker' }
  await service.post('/api/containers', { device: 'Shaker1', position: 0, barcode: 'P2' })
  await service.delete('/api/containers/P2')
  t.strictSame((await service.post('/api/reservations', { ...ofType, count: 3, strategy: 'least_used' })).body.positions,
    [{ device: 'Shaker1', position: 1 }, { device: 'Shaker2', position: 0 }, { device: 'Shaker2', position: 1 }])
  t.match(await service.post('/api/reservations', { ...ofType, count: 2 }), { status: 409, body: { code: 'no-free-position', type: 'shaker', free: 1 } })
  t.match(await service.post('/api/reservations', { ...ofType, type: 'oven' }), { status: 404, body: { code: 'device-not-found', type: 'oven', pointer: '/type' } })
})

t.test('of many who ask at once, each gets slots of its own, and no free one is left when some go without', async (t) => {
  const service = await aLab(t, { Hotel: 10 })
  const answers = await Promise.all(Array.from({ length: 16 }, () => service.post('/api/reservations', input)))
  const won = answers.filter(({ status }) => status === 201).map(({ body }) => body.positions[0].position as number)
  t.strictSame(won.sort((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.equal(answers.filter(({ body }) => body.code === 'no-free-position').length, 6)
})

t.test('a reservation is listed, renewed and released; a repeated one is the same', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 2 })
  const mine = { ...input, id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11' }
  const { body: first } = await service.post('/api/reservations', mine)
  t.match(await service.post('/api/reservations', mine), { status: 200, body: first })
  t.match(await service.post('/api/reservations', { ...mine, ttl_seconds: 5 }), { status: 409, body: { code: 'id-in-use' } })
  const { body: other } = await service.post('/api/reservations', { ...input, device: 'Washer', owner: 'orchestrator-2', purpose: 'lid' })

  t.strictSame((await service.get('/api/reservations?count=true')).body, { items: [first, other], next_cursor: null, total: 2 })
  for (const filter of ['owner=orchestrator-2', 'device=Washer', 'purpose=lid']) t.strictSame((await service.get(`/api/reservations?${filter}`)).body.items, [other], filter)
  const { body: page } = await service.get('/api/reservations?limit=1')
  t.strictSame((await service.get(`/api/reservations?limit=1&cursor=${page.next_cursor}`)).body.items, [other])

  const { body: renewed } = await service.patch(`/api/reservations/${first.id}`, { ttl_seconds: 3600 })
  t.match(renewed, { ttl_seconds: 3600, version: 2 })
  t.ok(Date.parse(renewed.expires_at) - Date.parse(first.expires_at) > 2_900_000)
  t.match((await service.patch(`/api/reservations/${first.id}`, {})).body, { ttl_seconds: 3600, version: 3 })
  t.equal((await service.delete(`/api/reservations/${first.id}`, { 'if-match': '"3"' })).status, 204)
  for (const answer of [await service.delete(`/api/reservations/${first.id}`), await service.patch(`/api/reservations/${first.id}`, {})]) {
    t.match(answer, { status: 404, body: { code: 'reservation-not-found', parameter: 'id' } })
  }
  t.match((await service.get('/api/devices/Hotel/positions/0')).body, { reserved: null })
})

t.test('a slot that goes takes its promise with it', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  await service.post('/api/reservations', { ...input, strategy: 'last', count: 2 })
  await service.patch('/api/devices/Hotel', { capacity: 3 })
  t.strictSame((await service.get('/api/reservations')).body.items[0].positions, [{ device: 'Hotel', position: 2 }])
  await service.delete('/api/lab?confirm=wipe')
  t.strictSame((await service.get('/api/reservations')).body.items, [])
})

t.test('a request says where: a device, or a type', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  for (const [body, pointer] of [
    [{ ...input, type: 'hotel' }, '/type'], [{ ...input, device: null }, '/device'], [{ ...input, count: 0 }, '/count'], [{ ...input, ttl_seconds: 0 }, '/ttl_seconds'],
    [{ ...input, ttl_seconds: 604_801 }, '/ttl_seconds'], [{ ...input, purpose: 'plate' }, '/purpose'], [{ ...input, strategy: 'best' }, '/strategy'], [{ ...input, owner: '' }, '/owner']
  ] as const) {
    t.match(await service.post('/api/reservations', body), { status: 400, body: { errors: [{ pointer }] } }, pointer)
  }
  t.match(await service.post('/api/reservations', { ...input, device: 'Nowhere' }), { status: 404, body: { code: 'device-not-found' } })
})

t.test('a reservation that expires while a command runs is expired for all of it, or for none of it', async (t) => {
  const service = await aLab(t, { Hotel: 1 })
  const client = new pg.Client({ connectionString: service.url })
  await client.connect()
  t.teardown(() => client.end())
  await service.post('/api/reservations', { device: 'Hotel', purpose: 'container', owner: 'first', ttl_seconds: 1 })
  const reserve = 'SELECT outcome FROM create_reservation($1, $2)'
  const wanted = [{ id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', created_as: 'x', device: 'Hotel', purpose: 'container', owner: 'second', ttl_seconds: 60 }, { actor: null, request_id: 'r' }]
  await client.query('BEGIN')
  await client.query('SELECT lock_lab()')
  await sleep(1100)
  await t.rejects(client.query(reserve, wanted), { message: 'no-free-position' }, 'the command began while the slot was reserved')
  await client.query('ROLLBACK')
  t.match((await client.query(reserve, wanted)).rows, [{ outcome: 'created' }])
})

t.test('all times that a command writes are one, also when it had to wait', async (t) => {
  const service = await aLab(t, { Hotel: 3 })
  const client = new pg.Client({ connectionString: service.url })
  await client.connect()
  t.teardown(() => client.end())
  await client.query('BEGIN')
  await client.query('SELECT lock_lab()')
  const answers = [
    service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' }),
    service.post('/api/reservations', { device: 'Hotel', purpose: 'container', owner: 'o', ttl_seconds: 60 })
  ]
  await sleep(300)
  await client.query('COMMIT')
  const [added, reserved] = (await Promise.all(answers)).map(({ body }) => body)
  const recorded = async (id: string) => (await service.get('/api/events')).body.items.find(({ after }: { after: { id: string } | null }) => after?.id === id).recorded_at
  t.equal(added.created_at, added.updated_at)
  t.equal(await recorded(added.id), added.created_at)
  t.equal(await recorded(reserved.id), reserved.created_at)
  t.equal(Date.parse(reserved.expires_at) - Date.parse(reserved.created_at), 60_000)
  const { body: { container } } = await service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 2 })
  const { body: { items } } = await service.get('/api/events?sort=-revision&limit=1')
  t.equal(items[0].recorded_at, container.updated_at)
})
