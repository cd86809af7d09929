import t from 'tap'
import { aLab, type Service } from '../support/service.ts'

const numbers = (slots: { position: number }[]) => slots.map(({ position }) => position)

async function aFilledLab (t: Parameters<typeof aLab>[0], env?: Record<string, string>): Promise<Service & { plate: { id: string }, nameless: { id: string } }> {
  const lab = await aLab(t, { Hotel: 4, Washer: 1, Greeter: 0 }, env)
  const { body: plate } = await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P1', lid: { device: 'Hotel', position: 3 } })
  const { body: nameless } = await lab.post('/api/containers', { device: 'Hotel', position: 2 })
  return { ...lab, plate, nameless }
}

t.test('the slots of a device', async (t) => {
  const lab = await aFilledLab(t)
  const list = async (query = '') => await lab.get(`/api/devices/Hotel/positions${query}`)

  t.test('are a plain array, ascending, with these members and no others', async (t) => {
    t.strictSame((await list()).body, [
      { position: 0, empty: true, container: null, container_id: null, occupied_by: null, deep_well_suited: false, disposes: false, labware_types: null, max_height_mm: null, reserved: null },
      { position: 1, empty: false, container: 'P1', container_id: lab.plate.id, occupied_by: 'container', deep_well_suited: false, disposes: false, labware_types: null, max_height_mm: null, reserved: null },
      { position: 2, empty: false, container: null, container_id: lab.nameless.id, occupied_by: 'container', deep_well_suited: false, disposes: false, labware_types: null, max_height_mm: null, reserved: null },
      { position: 3, empty: false, container: null, container_id: lab.plate.id, occupied_by: 'lid', deep_well_suited: false, disposes: false, labware_types: null, max_height_mm: null, reserved: null }
    ])
  })

  t.test('only the free or the taken ones, and only the first', async (t) => {
    t.strictSame(numbers((await list('?empty=true')).body), [0])
    t.strictSame(numbers((await list('?empty=false')).body), [1, 2, 3])
    t.strictSame(numbers((await list('?empty=false&limit=2')).body), [1, 2])
    t.strictSame(numbers((await list('?limit=10000')).body), [0, 1, 2, 3])
    t.equal((await list('?limit=0')).status, 400)
    t.equal((await list('?limit=10001')).status, 400)
    t.equal((await list('?empty=yes')).status, 400)
    t.equal((await list('?full=true')).status, 400)
  })

  t.test('of a device without any, or without such, are none', async (t) => {
    t.match(await lab.get('/api/devices/Greeter/positions'), { status: 200, body: [] })
    t.strictSame((await lab.get('/api/devices/Greeter/positions')).body, [])
    t.strictSame((await lab.get('/api/devices/Washer/positions?empty=false')).body, [])
  })

  t.test('of no device are not found', async (t) => {
    t.match(await lab.get('/api/devices/Nope/positions'), { status: 404, body: { code: 'device-not-found', parameter: 'device', device: 'Nope' } })
  })

  t.test('are two statements at most, whatever the size', async (t) => {
    // with AUTH on, one request a second also asks whether any key exists
    const lab = await aFilledLab(t, { AUTH: 'off' })
    const { pool } = lab.app.database
    await lab.post('/api/devices', { name: 'Store', capacity: 10000 })
    const texts: string[] = []
    const query = pool.query.bind(pool)
    pool.query = ((config: { text: string }) => {
      texts.push(config.text)
      return query(config)
    }) as typeof pool.query
    t.teardown(() => { pool.query = query })
    t.equal((await lab.get('/api/devices/Hotel/positions')).status, 200)
    t.equal(texts.splice(0).length, 1, 'one, if there are few slots')
    t.equal((await lab.get('/api/devices/Store/positions')).body.length, 10000)
    t.equal(texts.length, 2, `one finds that there are many, one reads them: ${texts.join('; ')}`)
  })

  t.test('carry an ETag that changes with what is in them', async (t) => {
    const etag = String((await list()).headers.etag)
    t.match(await lab.get('/api/devices/Hotel/positions', { 'if-none-match': etag }), { status: 304, text: '' })
    await lab.post(`/api/containers/${lab.nameless.id}/move`, { target_device: 'Washer' })
    t.equal((await lab.get('/api/devices/Hotel/positions', { 'if-none-match': etag })).status, 200)
  })
})

t.test('one slot', async (t) => {
  const lab = await aFilledLab(t)

  t.test('has the whole container that is in it', async (t) => {
    const container = (await lab.get('/api/containers/P1')).body
    const slot = await lab.get('/api/devices/Hotel/positions/1')
    t.strictSame(slot.body, { position: 1, empty: false, container: 'P1', container_id: lab.plate.id, occupied_by: 'container', deep_well_suited: false, disposes: false, labware_types: null, max_height_mm: null, reserved: null, occupant: container })
    t.equal((await lab.get('/api/devices/Hotel/positions/1', { 'if-none-match': String(slot.headers.etag) })).status, 304)
  })

  t.test('of a lid has the container it belongs to', async (t) => {
    t.match((await lab.get('/api/devices/Hotel/positions/3')).body, { container: null, occupied_by: 'lid', occupant: { id: lab.plate.id, position: 1, lid: { device: 'Hotel', position: 3 } } })
  })

  t.test('that is empty has none', async (t) => {
    t.strictSame((await lab.get('/api/devices/Hotel/positions/0')).body, { position: 0, empty: true, container: null, container_id: null, occupied_by: null, deep_well_suited: false, disposes: false, labware_types: null, max_height_mm: null, reserved: null, occupant: null })
  })

  t.test('that is not there is not found, with those that are', async (t) => {
    t.match(await lab.get('/api/devices/Hotel/positions/4'), {
      status: 404, body: { code: 'position-not-found', device: 'Hotel', position: 4, parameter: 'position', valid_range: { minimum: 0, maximum: 3 }, detail: /0 to 3/ }
    })
    t.match(await lab.get('/api/devices/Greeter/positions/0'), { status: 404, body: { code: 'position-not-found', valid_range: null, detail: /has no slots/ } })
    t.match(await lab.get('/api/devices/Nope/positions/0'), { status: 404, body: { code: 'device-not-found', parameter: 'device' } })
  })

  t.test('wants a slot number', async (t) => {
    for (const number of ['-1', '1.5', 'x', '99999', '1e1', '01', '%20', '10000', '9999999999999999999']) {
      t.match(await lab.get(`/api/devices/Hotel/positions/${number}`), { status: 400, body: { code: 'invalid-request', errors: [{ in: 'path', parameter: 'position' }] } }, number)
    }
  })
})

t.test('what is known of a slot', async (t) => {
  const lab = await aFilledLab(t)
  const revision = async () => (await lab.get('/api/lab')).body.revision

  t.test('can be changed, and the log tells', async (t) => {
    t.match(await lab.patch('/api/devices/Hotel/positions/1', { deep_well_suited: true }), { status: 200, body: { position: 1, deep_well_suited: true, occupant: { id: lab.plate.id } } })
    t.match((await lab.get('/api/devices/Hotel/positions')).body.map((slot: { deep_well_suited: boolean }) => slot.deep_well_suited), [false, true, false, false])
    const { rows } = await lab.query('SELECT kind, before, after FROM event ORDER BY revision DESC LIMIT 1')
    t.match(rows, [{ kind: 'position-updated', before: { device: 'Hotel', position: 1, deep_well_suited: false, disposes: null, labware_types: null, max_height_mm: null, reserved: null }, after: { deep_well_suited: true } }])
  })

  t.test('changed to what it is changes nothing', async (t) => {
    const before = await revision()
    t.match(await lab.patch('/api/devices/Hotel/positions/1', { deep_well_suited: true }), { status: 200, body: { deep_well_suited: true } })
    t.equal(await revision(), before)
  })

  t.test('wants a slot and a change', async (t) => {
    t.match(await lab.patch('/api/devices/Hotel/positions/4', { deep_well_suited: true }), { status: 404, body: { code: 'position-not-found', valid_range: { maximum: 3 } } })
    t.match(await lab.patch('/api/devices/Nope/positions/0', { deep_well_suited: true }), { status: 404, body: { code: 'device-not-found' } })
    t.equal((await lab.patch('/api/devices/Hotel/positions/1', {})).status, 400)
    t.equal((await lab.patch('/api/devices/Hotel/positions/1', { deep_well_suited: null })).status, 400)
    t.equal((await lab.patch('/api/devices/Hotel/positions/1', { empty: true })).status, 400)
  })
})
