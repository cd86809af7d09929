import { randomUUID } from 'node:crypto'
import t from 'tap'
import { aLab, seg } from '../support/service.ts'

const nowhere = '0199f2f4-0000-7000-8000-000000000000'

t.test('adding a container', async (t) => {
  const lab = await aLab(t, { Hotel: 3, Washer: 1, Greeter: 0 })

  await t.test('puts it into the slot asked for and says where it can be read', async (t) => {
    const answer = await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P1', name: 'Plate one', lidded: true })
    t.match(answer, { status: 201, body: { barcode: 'P1', name: 'Plate one', device: 'Hotel', position: 1, starting_device: 'Hotel', starting_position: 1, lidded: true, lid: null, filled: true, is_reagent: false, removed_at: null, version: 1 } })
    t.equal(answer.headers.location, `/api/containers/${answer.body.id}`)
    t.strictSame((await lab.get('/api/containers/P1')).body, answer.body)
    t.strictSame((await lab.get(`/api/containers/${answer.body.id}`)).body, answer.body)
  })

  await t.test('takes the lowest free slot when none is asked for', async (t) => {
    t.match(await lab.post('/api/containers', { device: 'Hotel' }), { status: 201, body: { position: 0, barcode: null, lidded: false } })
    t.match(await lab.post('/api/containers', { device: 'Hotel' }), { status: 201, body: { position: 2 } })
    t.match(await lab.post('/api/containers', { device: 'Hotel' }), { status: 409, body: { code: 'no-free-position', positions: 3, pointer: '/device' } })
    t.match(await lab.post('/api/containers', { device: 'Greeter' }), { status: 409, body: { code: 'no-free-position', positions: 0 } })
  })

  await t.test('refuses an occupied slot and tells who is there', async (t) => {
    const answer = await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P9' })
    t.match(answer, { status: 409, body: { code: 'position-occupied', device: 'Hotel', position: 1, pointer: '/position', occupant: { barcode: 'P1', part: 'container' } } })
    t.equal((await lab.get('/api/containers/P9')).status, 404, 'and nothing was added')
  })

  await t.test('adopts the container that stands there when asked to', async (t) => {
    const before = await lab.get('/api/lab')
    t.match(await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'other', if_occupied: 'adopt' }), { status: 200, body: { barcode: 'P1' } })
    t.equal((await lab.get('/api/lab')).body.revision, before.body.revision, 'and changes nothing')
  })

  await t.test('refuses a barcode that another has, telling where that is', async (t) => {
    t.match(await lab.post('/api/containers', { device: 'Washer', barcode: 'P1' }), { status: 409, body: { code: 'barcode-in-use', pointer: '/barcode', holder: { device: 'Hotel', position: 1 } } })
  })

  await t.test('does not know other devices and slots', async (t) => {
    t.match(await lab.post('/api/containers', { device: 'Nowhere', position: 0 }), { status: 404, body: { code: 'device-not-found', pointer: '/device' } })
    t.match(await lab.post('/api/containers', { device: 'Hotel', position: 3 }), { status: 404, body: { code: 'position-not-found', pointer: '/position', valid_range: { minimum: 0, maximum: 2 } } })
    t.match(await lab.post('/api/containers', { device: 'Greeter', position: 0 }), { status: 404, body: { code: 'position-not-found', valid_range: null } })
  })

  await t.test('refuses a lid that is on and elsewhere at once', async (t) => {
    t.match(await lab.post('/api/containers', { device: 'Washer', lidded: true, lid: { device: 'Hotel', position: 2 } }), { status: 400, body: { errors: [{ pointer: '/lid' }] } })
  })

  await t.test('adds it with its lid parked elsewhere, which occupies that slot', async (t) => {
    const other = await aLab(t, { Hotel: 3 })
    t.match(await other.post('/api/containers', { device: 'Hotel', position: 1, lid: { device: 'Hotel' } }), { status: 201, body: { lidded: false, lid: { device: 'Hotel', position: 0 } } })
    t.match(await other.post('/api/containers', { device: 'Hotel', position: 0 }), { status: 409, body: { occupant: { part: 'lid' } } })
    t.match(await other.post('/api/containers', { device: 'Hotel', position: 0, if_occupied: 'adopt' }), { status: 409, body: { occupant: { part: 'lid' } } })
    t.match(await other.post('/api/containers', { device: 'Hotel', position: 2, lid: { device: 'Hotel', position: 2 } }), { status: 409, body: { code: 'position-occupied', pointer: '/lid/position' } })
  })
})

t.test('a create repeated with its own id is harmless', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const body = { id: randomUUID(), device: 'Hotel', barcode: 'P1' }
  t.match(await lab.post('/api/containers', body), { status: 201 })
  await lab.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 2 })
  t.match(await lab.post('/api/containers', { ...body, name: null }), { status: 200, body: { id: body.id, position: 2 } }, 'null is the same as absent')
  t.match(await lab.post('/api/containers', { ...body, id: body.id.toUpperCase() }), { status: 200 }, 'a UUID may be spelled either way')
  t.match(await lab.post('/api/containers', { ...body, barcode: 'P2' }), { status: 409, body: { code: 'id-in-use', pointer: '/id' } })
  t.match((await lab.get('/api/lab')).body, { totals: { containers: 1 } })
})

t.test('adding many', async (t) => {
  const lab = await aLab(t, { Hotel: 4 })

  await t.test('is all or nothing, and the refusal names the index', async (t) => {
    const answer = await lab.post('/api/containers/batch', { containers: [{ device: 'Hotel', barcode: 'A' }, { device: 'Hotel', position: 0 }] })
    t.match(answer, { status: 409, body: { code: 'position-occupied', index: 1, pointer: '/containers/1/position', occupant: { barcode: 'A' } } })
    t.equal((await lab.get('/api/containers/A')).status, 404)
  })

  await t.test('keeps the order, and is one revision', async (t) => {
    const before = (await lab.get('/api/lab')).body.revision
    const answer = await lab.post('/api/containers/batch', { containers: ['A', 'B', 'C'].map((barcode) => ({ device: 'Hotel', barcode })) })
    t.match(answer, { status: 201, body: { items: [{ barcode: 'A', position: 0 }, { barcode: 'B', position: 1 }, { barcode: 'C', position: 2 }] } })
    t.equal((await lab.get('/api/lab')).body.revision, before + 1)
  })

  await t.test('repeated with the same ids answers the same, and changes nothing', async (t) => {
    const containers = [{ id: randomUUID(), device: 'Hotel', barcode: 'D' }]
    t.match(await lab.post('/api/containers/batch', { containers }), { status: 201 })
    const { revision } = (await lab.get('/api/lab')).body
    t.match(await lab.post('/api/containers/batch', { containers }), { status: 200, body: { items: [{ barcode: 'D' }] } })
    t.equal((await lab.get('/api/lab')).body.revision, revision)
  })

  await t.test('refuses an empty batch and one of more than 1,000', async (t) => {
    t.match(await lab.post('/api/containers/batch', { containers: [] }), { status: 400, body: { errors: [{ pointer: '/containers' }] } })
    t.match(await lab.post('/api/containers/batch', { containers: Array(1001).fill({ device: 'Hotel' }) }), { status: 400, body: { errors: [{ pointer: '/containers' }] } })
  })
})

t.test('changing what is known of a container', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const { body: plate } = await lab.post('/api/containers', { device: 'Hotel', content: 'cells' })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'TAKEN' })

  await t.test('sets a barcode once it was read', async (t) => {
    t.match(await lab.patch(`/api/containers/${plate.id}`, { barcode: 'P1' }), { status: 200, body: { barcode: 'P1', content: 'cells', version: 2 } })
    t.match(await lab.get('/api/containers/P1'), { body: { id: plate.id } })
  })

  await t.test('clears what may be null, and leaves what is absent', async (t) => {
    t.match(await lab.patch('/api/containers/P1', { content: null, filled: false, is_reagent: true, labware_type: '96 flat', name: 'N', labware_uuid: nowhere }),
      { status: 200, body: { content: null, filled: false, is_reagent: true, labware_type: '96 flat', name: 'N', labware_uuid: nowhere, barcode: 'P1' } })
  })

  await t.test('changes no version when nothing changes', async (t) => {
    const before = (await lab.get('/api/containers/P1')).body
    t.strictSame((await lab.patch('/api/containers/P1', { content: null, name: 'N' })).body, before)
  })

  await t.test('refuses a barcode in use, null where it may not be, and an empty change', async (t) => {
    t.match(await lab.patch('/api/containers/P1', { barcode: 'TAKEN' }), { status: 409, body: { code: 'barcode-in-use', holder: { device: 'Hotel', position: 1 } } })
    t.match(await lab.patch('/api/containers/P1', { name: null }), { status: 400, body: { errors: [{ pointer: '/name' }] } })
    t.match(await lab.patch('/api/containers/P1', {}), { status: 400 })
    t.match(await lab.patch('/api/containers/P1', { position: 2 }), { status: 400, body: { errors: [{ pointer: '/position' }] } })
  })
})

t.test('removing a container', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const { body: plate } = await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', lid: { device: 'Hotel', position: 1 } })

  await t.test('frees its slot, its lid\'s slot and its barcode, and keeps what is known of it', async (t) => {
    t.match(await lab.delete('/api/containers/P1'), { status: 200, body: { id: plate.id, device: null, position: null, lid: null, removed_at: String } })
    t.equal((await lab.get('/api/containers/P1')).status, 404)
    t.match(await lab.get(`/api/containers/${plate.id}`), { status: 200, body: { barcode: 'P1', starting_device: 'Hotel' } })
    t.match(await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P1' }), { status: 201 })
  })

  await t.test('repeated by id answers the same', async (t) => {
    t.match(await lab.delete(`/api/containers/${plate.id}`), { status: 200, body: { version: 2 } })
    t.match(await lab.delete(`/api/containers/${nowhere}`), { status: 404, body: { parameter: 'container' } })
  })

  await t.test('ends all commands on it', async (t) => {
    for (const [path, body] of [['move', { target_device: 'Hotel' }], ['lid', {}], ['unlid', { lid_device: 'Hotel' }]] as const) {
      t.match(await lab.post(`/api/containers/${plate.id}/${path}`, body), { status: 409, body: { code: 'container-removed', removed_at: String } })
    }
    t.match(await lab.patch(`/api/containers/${plate.id}`, { name: 'x' }), { status: 409, body: { code: 'container-removed' } })
  })
})

t.test('listing containers', async (t) => {
  const lab = await aLab(t, { Hotel: 5, Washer: 1 })
  await lab.post('/api/containers/batch', { containers: [
    { device: 'Hotel', barcode: 'A', lidded: true, labware_type: 'flat' }, { device: 'Hotel', barcode: 'B' }, { device: 'Washer', barcode: 'C', name: 'Cee' }] })
  await lab.delete('/api/containers/B')
  const barcodes = async (query: string) => (await lab.get(`/api/containers?${query}`)).body.items.map((item: { barcode: string }) => item.barcode).sort()

  t.strictSame(await barcodes(''), ['A', 'C'])
  t.strictSame(await barcodes('removed=any'), ['A', 'B', 'C'])
  t.strictSame(await barcodes('removed=true'), ['B'])
  t.strictSame(await barcodes('device=Hotel'), ['A'])
  t.strictSame(await barcodes('lidded=false'), ['C'])
  t.strictSame(await barcodes('labware_type=flat'), ['A'])
  t.strictSame(await barcodes('name=Cee'), ['C'])
  t.strictSame(await barcodes('barcode=B&removed=any'), ['B'])

  await t.test('goes page by page, and counts when asked', async (t) => {
    const first = await lab.get('/api/containers?limit=1&count=true')
    t.match(first.body, { items: [{}], total: 2, next_cursor: String })
    const second = await lab.get(`/api/containers?limit=1&cursor=${first.body.next_cursor}`)
    t.match(second.body, { items: [{}], next_cursor: null })
    t.not(second.body.items[0].id, first.body.items[0].id)
    t.match(await lab.get(`/api/containers?removed=any&cursor=${first.body.next_cursor}`), { status: 400, body: { code: 'invalid-cursor' } }, 'a cursor belongs to its filters')
    t.match(await lab.get('/api/containers?cursor=%25%25'), { status: 400, body: { code: 'invalid-cursor' } })
  })

  await t.test('refuses unknown parameters and bad limits by name', async (t) => {
    t.match(await lab.get('/api/containers?colour=red'), { status: 400, body: { errors: [{ in: 'query', parameter: 'colour' }] } })
    for (const limit of ['0', '501', 'x', '1.5', '']) {
      t.match(await lab.get(`/api/containers?limit=${limit}`), { status: 400, body: { errors: [{ parameter: 'limit' }] } }, `limit=${limit}`)
    }
  })
})

t.test('reading with If-None-Match answers 304 until something changes', async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  const { headers } = await lab.get('/api/containers/P1')
  const tag = String(headers.etag)
  t.match(tag, /^"1-/)
  t.match(await lab.get('/api/containers/P1', { 'if-none-match': tag }), { status: 304, text: '' })
  t.match(await lab.get('/api/containers/P1', { 'if-none-match': `"x", W/${tag}` }), { status: 304 })
  await lab.patch('/api/devices/Hotel', { name: 'Tower' })
  t.match(await lab.get('/api/containers/P1', { 'if-none-match': tag }), { status: 200, body: { device: 'Tower' } }, 'a renamed device shows')
})

t.test('barcodes may hold slashes, spaces and percent signs; those that look like ids or path dots may not', async (t) => {
  const lab = await aLab(t, { Hotel: 9 })
  for (const barcode of ['a/b c', '100%', 'é%2F', 'x?y#z', '日本🧫', 'a:b', 'a+b', '"quoted"', '0']) {
    t.match(await lab.post('/api/containers', { device: 'Hotel', barcode }), { status: 201 }, barcode)
    t.match(await lab.get(`/api/containers/${seg(barcode)}`), { status: 200, body: { barcode } }, barcode)
  }
  for (const barcode of ['.', '..', nowhere, nowhere.toUpperCase(), ' a', 'a ', '', 'a\u0000b', 'a\tb', '\ud800', 'x'.repeat(201), 5, true, {}]) {
    t.match(await lab.post('/api/containers', { device: 'Hotel', barcode }), { status: 400, body: { code: 'invalid-request', errors: [{ pointer: '/barcode' }] } }, JSON.stringify(barcode))
  }
})

t.test('the history of a container', async (t) => {
  const lab = await aLab(t, { Hotel: 3, Reader: 1 })
  const { body: plate } = await lab.post('/api/containers', { device: 'Hotel', position: 0, lidded: true })
  await lab.patch(`/api/containers/${plate.id}`, { barcode: 'P1' })
  await lab.post('/api/containers/P1/unlid', { lid_device: 'Hotel', lid_pos: 2 })
  await lab.post('/api/containers/P1/move', { target_device: 'Reader' })
  await lab.post('/api/steps', { device: 'Reader', name: 'Read', data: { fct: 'absorbance' }, start: '2030-01-01T00:00:00Z', finish: '2030-01-01T00:00:30Z', containers: ['P1'] })
  await lab.post('/api/containers/P1/lid', {})
  await lab.delete('/api/containers/P1')

  const { body: { items } } = await lab.get(`/api/containers/${plate.id}/history`)
  t.strictSame(items.map((item: { kind: string }) => item.kind), ['added', 'barcode-set', 'unlidded', 'moved', 'lidded', 'removed', 'step'])
  t.match(items[0], { from: null, to: { device: 'Hotel', position: 0, lidded: true, lid: null, barcode: null }, step: null, revision: Number })
  t.match(items[2], { from: { lidded: true }, to: { lidded: false, lid: { device: 'Hotel', position: 2 } } })
  t.match(items[3], { from: { device: 'Hotel', position: 0 }, to: { device: 'Reader', position: 0 } })
  t.match(items[6], { at: '2030-01-01T00:00:00.000Z', revision: null, from: null, to: null, step: { name: 'Read', fct: 'absorbance', device: 'Reader', status: 'completed', duration_seconds: 30 } })

  await t.test('goes page by page', async (t) => {
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { body } = await lab.get(`/api/containers/${plate.id}/history?limit=2&count=true${cursor && `&cursor=${cursor}`}`)
      t.equal(body.total, 7)
      seen.push(...body.items.map((item: { kind: string }) => item.kind))
      cursor = body.next_cursor
    }
    t.equal(seen.length, 7)
  })
  t.match(await lab.get(`/api/containers/${nowhere}/history`), { status: 404 })
})

t.test('a batch without positions passes the slots of a device once', async (t) => {
  const service = await aLab(t, { Few: 10_000, Many: 10_000, Lids: 2000, Used: 600 })
  const { pool } = service.app.database
  const read = async (): Promise<number> => {
    await pool.query('SELECT pg_stat_force_next_flush()')
    const { rows: [sum] } = await pool.query(`
      SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int AS tuples FROM pg_stat_user_tables WHERE relname IN ('position', 'placement')`)
    return sum.tuples
  }
  // with a few plates in it, as a lab has: of an empty table PostgreSQL would plan to read all
  await service.post('/api/containers/batch', { containers: Array.from({ length: 600 }, (_, position) => ({ device: 'Used', position })) })
  await pool.query('VACUUM ANALYZE')
  const readBy = async (device: string, count: number): Promise<number> => {
    const before = await read()
    const { status } = await service.post('/api/containers/batch', { containers: Array.from({ length: count }, () => ({ device, lid: { device: 'Lids' } })) })
    t.equal(status, 201)
    return await read() - before
  }
  const [few, many] = [await readBy('Few', 50), await readBy('Many', 1000)]
  t.ok(many / few < 40, `1,000 containers: ${many} rows, 50: ${few}`)
  t.ok(many < 1000 * 100, `${many} rows of slots for 1,000 containers with their lids`)
})

t.test('a batch fills the lowest free slots, in its order, around what is there and what is reserved', async (t) => {
  const { post } = await aLab(t, { Hotel: 9 })
  await post('/api/containers', { device: 'Hotel', position: 1 })
  const { body: reservation } = await post('/api/reservations', { device: 'Hotel', purpose: 'container', owner: 'me', count: 2, ttl_seconds: 60 })
  t.same(reservation.positions.map(({ position }: { position: number }) => position), [0, 2])
  const { status, body } = await post('/api/containers/batch', { containers: [
    { device: 'Hotel' }, { device: 'Hotel', position: 5 }, { device: 'Hotel', reservation_id: reservation.id }, { device: 'Hotel', lid: { device: 'Hotel' } },
    { device: 'Hotel', reservation_id: reservation.id.toUpperCase() }, { device: 'Hotel' }
  ] })
  t.equal(status, 201, JSON.stringify(body))
  t.same(body.items?.map(({ position, lid }: { position: number, lid: { position: number } | null }) => [position, lid?.position ?? null]),
    [[3, null], [5, null], [0, null], [4, 6], [2, null], [7, null]])
  t.match(await post('/api/containers/batch', { containers: [{ device: 'Hotel' }, { device: 'Hotel' }] }), { status: 409, body: { code: 'no-free-position', index: 1 } })
  t.match(await post('/api/containers', { device: 'Hotel' }), { status: 201, body: { position: 8 } })
})
