import pg from 'pg'
import t from 'tap'
import { aLab, type Answer, type Service } from '../support/service.ts'

// Random numbers that can be repeated: a test that fails prints the seed.
function dice (seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor(state / 2 ** 32 * sides)
  }
}

type Slot = { position: number, empty: boolean, container_id: string | null }

async function slotsOf (lab: Service, device: string): Promise<Slot[]> {
  return (await lab.get(`/api/devices/${device}/positions`)).body
}

t.test('16 clients moving containers at random among few slots', async (t) => {
  const seed = Date.now() % 1_000_000
  t.comment(`seed ${seed}`)
  const lab = await aLab(t, { Left: 9, Right: 9 })
  // each of the two devices has a slot for every plate, so a free slot always exists
  const plates: string[] = []
  for (let n = 0; n < 8; n++) plates.push((await lab.post('/api/containers', { device: n % 2 === 0 ? 'Left' : 'Right' })).body.id)
  const before = (await lab.get('/api/lab')).body.revision

  const answers: Answer[] = []
  await Promise.all(Array.from({ length: 16 }, async (_, client) => {
    const roll = dice(seed + client)
    for (let move = 0; move < 40; move++) {
      const target_device = roll(2) === 0 ? 'Left' : 'Right'
      // half of the clients leave the choice of the slot to the service
      const target = client % 2 === 0 ? { target_device } : { target_device, target_pos: roll(9) }
      answers.push(await lab.post(`/api/containers/${plates[roll(plates.length)]}/move`, target))
    }
  }))

  const done = answers.filter(({ status }) => status === 200)
  const refused = answers.filter(({ status }) => status !== 200)
  t.ok(done.length > 0 && refused.length > 0, 'some won and some lost')
  t.ok(refused.every(({ status, body }) => status === 409 && body.code === 'position-occupied' && body.occupant.id), 'every loser is told who won')
  t.notOk(answers.some(({ body }) => body.code === 'no-free-position'), 'no request for a free slot fails while slots are free')
  const slots = [...await slotsOf(lab, 'Left'), ...await slotsOf(lab, 'Right')].filter(({ empty }) => !empty)
  t.equal(new Set(slots.map(({ container_id }) => container_id)).size, plates.length, 'every plate is in one slot')
  t.equal(slots.length, plates.length, 'and no slot holds two')
  t.equal((await lab.get('/api/lab')).body.revision, before + done.length, 'the log has a revision a move, without gaps')
  t.match((await lab.get('/api/lab/health')).body, { healthy: true })
})

t.test('100 racers for 40 free slots: 40 places, 60 orderly refusals', async (t) => {
  const lab = await aLab(t, { Hotel: 40 })
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => lab.post('/api/containers', { device: 'Hotel', barcode: `R${n}` })))
  t.equal(answers.filter(({ status }) => status === 201).length, 40)
  t.equal(answers.filter(({ status, body }) => status === 409 && body.code === 'no-free-position').length, 60)
  t.strictSame((await slotsOf(lab, 'Hotel')).map(({ empty }) => empty), Array(40).fill(false))
})

t.test('many clients that want one barcode: one gets it', async (t) => {
  const lab = await aLab(t, { Hotel: 20 })
  const answers = await Promise.all(Array.from({ length: 20 }, () => lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })))
  t.equal(answers.filter(({ status }) => status === 201).length, 1)
  t.ok(answers.filter(({ status }) => status !== 201).every(({ status, body }) => status === 409 && body.code === 'barcode-in-use' && body.holder.position === 0))
})

t.test('one create sent many times at once with its own id adds one container', async (t) => {
  const lab = await aLab(t, { Hotel: 20 })
  const body = { id: '0199f2f4-0000-7000-8000-00000000000a', device: 'Hotel', barcode: 'P1' }
  const answers = await Promise.all(Array.from({ length: 10 }, () => lab.post('/api/containers', body)))
  t.strictSame(answers.map(({ status }) => status).sort(), [...Array(9).fill(200), 201])
})

t.test('a lab that shrinks while plates are moved in never loses one', async (t) => {
  const lab = await aLab(t, { Hotel: 4, Shelf: 4 })
  const { body: plate } = await lab.post('/api/containers', { device: 'Shelf' })
  const config = (capacity: number) => ({ sila_servers: { devices: { Hotel: { capacity }, Shelf: { capacity: 4 } } } })
  for (let round = 0; round < 10; round++) {
    const [moved, shrunk] = await Promise.all([
      lab.post(`/api/containers/${plate.id}/move`, { target_device: 'Hotel', target_pos: 3 }),
      lab.put('/api/lab/config', config(2))
    ])
    t.not(moved.status === 200, shrunk.status === 200, 'one of the two is refused')
    t.ok([404, 409, 200].includes(moved.status) && [409, 200].includes(shrunk.status))
    await lab.put('/api/lab/config', config(4))
    await lab.post(`/api/containers/${plate.id}/move`, { target_device: 'Shelf' })
  }
})

t.test('what bypasses the service is held by the constraints', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const { body: plate } = await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1', lidded: true })
  const { body: other } = await lab.post('/api/containers', { device: 'Hotel', barcode: 'P2' })
  const client = new pg.Client({ connectionString: lab.url })
  await client.connect()
  t.teardown(() => client.end())
  const slot = (number: number) => `(SELECT id FROM position WHERE slot_number = ${number})`
  const breaks: [constraint: string, sql: string][] = [
    ['placement_pkey', `UPDATE placement SET position_id = ${slot(0)} WHERE container_id = '${other.id}'`],
    ['placement_container_part_key', `INSERT INTO placement VALUES (${slot(2)}, '${plate.id}', 'body')`],
    ['placement_lid_is_off', `INSERT INTO placement VALUES (${slot(2)}, '${plate.id}', 'lid')`],
    ['container_barcode_active', `UPDATE container SET barcode = 'P1' WHERE id = '${other.id}'`],
    ['placement_of_present_container', `UPDATE container SET removed_at = now() WHERE id = '${plate.id}'`],
    ['placement_on_active_position', `UPDATE position SET retired_at = now() WHERE id = ${slot(0)}`],
    ['lab_is_one_row', 'INSERT INTO lab (id) VALUES (2)'],
    ['position_device_fkey', 'DELETE FROM device']
  ]
  for (const [constraint, sql] of breaks) {
    const error = await client.query(sql).then(() => null, (error: { constraint?: string }) => error)
    t.equal(error?.constraint, constraint)
  }
})
