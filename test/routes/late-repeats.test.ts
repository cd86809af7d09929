import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { aLab, type Service } from '../support/service.ts'

// A client that got no answer sends the command again, perhaps hours later. Meanwhile the things were moved, renamed, removed.

const times = { start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:15:31Z' }
const reason = 'seen by a person'

/** What happens to the plate with the barcode P1 between the command and its repetitions. */
const meanwhile: Record<string, (service: Service) => Promise<unknown>> = {
  nothing: async () => {},
  moved: async (service) => await service.post('/api/containers/P1/move', { target_device: 'Washer', target_pos: 0 }),
  renamed: async (service) => await service.patch('/api/containers/P1', { barcode: 'P2' }),
  'renamed, and the barcode is another plate’s': async (service) => {
    await service.patch('/api/containers/P1', { barcode: 'P2' })
    await service.post('/api/containers', { device: 'Hotel', position: 5, barcode: 'P1' })
  },
  removed: async (service) => await service.delete('/api/containers/P1'),
  wiped: async (service) => await service.delete('/api/lab?confirm=wipe')
}

async function unchangedBy (t: Test, service: Service, command: () => Promise<{ status: number }>): Promise<void> {
  const state = async () => [(await service.get('/api/lab')).text, (await service.get('/api/steps?limit=500')).text, (await service.get('/api/containers?removed=any')).text]
  const before = await state()
  for (let time = 1; time <= 2; time++) t.equal((await command()).status, 200, 'the repetition is answered')
  t.strictSame(await state(), before, 'the repetition changes nothing')
}

for (const [what, happens] of Object.entries(meanwhile)) {
  t.test(`a transfer repeated by the id of its step answers what it answered, after the plate was ${what}`, async (t) => {
    const service = await aLab(t, { Hotel: 6, Washer: 2, Arm: 0 })
    await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', lidded: true })
    const fixed = { container: 'P1', target: { device: 'Hotel', position: 2 }, lid: { action: 'off', device: 'Hotel' }, step: { id: randomUUID(), device: 'Arm', ...times } }
    const first = await service.post('/api/transfers', fixed)
    const chosen = { container: 'P1', target: { device: 'Washer' }, step: { id: randomUUID(), device: 'Arm', ...times } }
    const second = await service.post('/api/transfers', chosen)
    t.match([first, second], [{ status: 200 }, { status: 200 }])
    await happens(service)
    await unchangedBy(t, service, async () => {
      const again = await service.post('/api/transfers', fixed)
      t.strictSame(again.body, first.body)
      return again
    })
    await unchangedBy(t, service, async () => {
      const again = await service.post('/api/transfers', { ...chosen, step: { ...chosen.step, id: chosen.step.id.toUpperCase() } })
      t.strictSame(again.body, second.body)
      return again
    })
    await unchangedBy(t, service, async () => {
      const again = await service.post('/api/transfers/batch', { transfers: [chosen, fixed] })
      t.strictSame(again.body, { items: [second.body, first.body], revision: second.body.revision })
      return again
    })
    t.match(await service.post('/api/transfers', { ...fixed, target: { device: 'Washer' } }), { status: 409 }, 'another transfer under the id is refused')
  })

  t.test(`a container, a step, an experiment and a process repeated by id change nothing, after the plate was ${what}`, async (t) => {
    const service = await aLab(t, { Hotel: 6, Washer: 2 })
    const plate = { id: randomUUID(), device: 'Hotel', position: 0, barcode: 'P1' }
    t.match(await service.post('/api/containers', plate), { status: 201 })
    const adopted = { id: randomUUID(), device: 'Hotel', position: 0, if_occupied: 'adopt' }
    t.match(await service.post('/api/containers', adopted), { status: 200, body: { id: plate.id } })
    const step = { id: randomUUID(), device: 'Washer', ...times, containers: [plate.id, 'P1'] }
    t.match(await service.post('/api/steps', step), { status: 201, body: { containers: [{ id: plate.id }] } })
    const process = { id: randomUUID(), name: 'assay', source: 'x = 1' }
    t.match(await service.post('/api/processes', process), { status: 201 })
    const reused = { id: randomUUID(), name: 'assay', source: 'x = 1', reuse: true }
    t.match(await service.post('/api/processes', reused), { status: 200, body: { id: process.id } })
    const experiment = { id: randomUUID(), process_id: process.id }
    t.match(await service.post('/api/experiments', experiment), { status: 201 })
    await happens(service)
    await service.delete(`/api/processes/${process.id}`)
    await unchangedBy(t, service, async () => await service.post('/api/containers', plate))
    await unchangedBy(t, service, async () => {
      const again = await service.post('/api/containers', adopted)
      t.match(again.body, { id: plate.id }, 'it is the container that was adopted then')
      return again
    })
    await unchangedBy(t, service, async () => await service.post('/api/containers/batch', { containers: [adopted, plate] }))
    await unchangedBy(t, service, async () => await service.post('/api/steps', step))
    await unchangedBy(t, service, async () => await service.post('/api/steps/batch', { steps: [step] }))
    await unchangedBy(t, service, async () => await service.post('/api/experiments', experiment))
    for (const body of [process, reused]) t.match(await service.post('/api/processes', body), { status: 200, body: { id: process.id } })
    t.match((await service.get('/api/processes?archived=any&count=true')).body, { total: 1 })
    t.match(await service.post('/api/containers', { ...adopted, position: 1 }), { status: 409, body: { code: 'id-in-use' } })
    t.match(await service.post('/api/processes', { ...reused, source: 'y' }), { status: 409, body: { code: 'id-in-use' } })
  })
}

t.test('a device repeated by id changes nothing after it was renamed', async (t) => {
  const service = await aLab(t, { Hotel: 1 })
  await service.post('/api/steps', { device: 'Reader', ...times })
  for (const name of ['Reader', 'Washer']) {
    const device = { id: randomUUID(), name, capacity: 1 }
    const first = await service.post('/api/devices', device)
    await service.patch(`/api/devices/${name}`, { name: `${name}_2` })
    t.match(await service.post('/api/devices', device), { status: 200, body: { id: first.body.id, name: `${name}_2` } })
    t.equal((await service.get(`/api/devices/${name}`)).status, 404)
  }
})

t.test('a reservation repeated by id reserves nothing, after it was used up, released, or had expired', async (t) => {
  const service = await aLab(t, { Hotel: 6 })
  const reserve = (more: object = {}) => ({ id: randomUUID(), device: 'Hotel', purpose: 'container', owner: 'o', ttl_seconds: 600, ...more })
  const ends: Record<string, [body: object & { id: string }, (id: string) => Promise<unknown>]> = {
    'used up': [reserve(), async (id) => await service.post('/api/containers', { device: 'Hotel', reservation_id: id })],
    released: [reserve(), async (id) => await service.delete(`/api/reservations/${id}`)],
    expired: [reserve({ ttl_seconds: 1 }), async (id) => { while ((await service.get(`/api/reservations/${id}`)).status === 200) await sleep(50) }],
    wiped: [reserve(), async () => await service.delete('/api/lab?confirm=wipe')]
  }
  for (const [how, [body, end]] of Object.entries(ends)) {
    const first = await service.post('/api/reservations', body)
    t.equal(first.status, 201)
    await end(body.id)
    const lab = await service.get('/api/lab')
    for (const again of [body, { ...body, id: body.id.toUpperCase() }]) t.match(await service.post('/api/reservations', again), { status: 200, text: first.text }, how)
    t.match(await service.get('/api/reservations'), { body: { items: [] } }, how)
    t.equal((await service.get('/api/lab')).text, lab.text, 'and there is no revision')
    t.match(await service.post('/api/reservations', { ...body, owner: 'p' }), { status: 409, body: { code: 'id-in-use' } }, how)
  }
})

t.test('a device repeated by id changes nothing after it was retired', async (t) => {
  const service = await aLab(t, { Hotel: 1 })
  for (const retire of ['/api/devices/Reader', '/api/lab?confirm=wipe']) {
    const device = { id: randomUUID(), name: 'Reader', capacity: 1 }
    t.match(await service.post('/api/devices', device), { status: 201 })
    await service.delete(retire)
    t.match(await service.post('/api/devices', device), { status: 200, body: { name: 'Reader', retired_at: String } })
    t.equal((await service.get('/api/devices/Reader')).status, 404)
  }
})

t.test('a dry run of a transfer under the id of another step says so', async (t) => {
  const service = await aLab(t, { Hotel: 2, Arm: 0 })
  await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  const { body: step } = await service.post('/api/steps', { device: 'Arm', ...times })
  const { body } = await service.post('/api/transfers?dry_run=true', { container: 'P1', target: { device: 'Hotel', position: 1 }, step: { id: step.id, device: 'Arm', ...times } })
  t.match(body.findings, [{ code: 'id-in-use', pointer: '/step/id' }])
})

t.test('a dry run of a transfer that was recorded says what its repetition does', async (t) => {
  const service = await aLab(t, { Hotel: 6, Washer: 1, Arm: 0 })
  await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  const id = randomUUID()
  const transfer = (step: object, more: object = {}) => ({ container: 'P1', source: { device: 'Hotel', position: 0 }, target: { device: 'Washer', position: 0 }, step: { id, device: 'Arm', start: times.start, ...step }, ...more })
  const tried = async (body: object) => await service.post('/api/transfers?dry_run=true', body)
  const running = transfer({ status: 'running' })
  t.match(await service.post('/api/transfers', running), { status: 200 })
  await service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 3 })
  const { body: { revision } } = await service.get('/api/lab')
  const isPossible = { status: 200, body: { status: 'dry-run', findings: [], step: null, container: { position: 3 }, revision } }
  t.match(await tried(running), isPossible, 'the repetition is answered')
  t.match(await tried(transfer({ finish: times.finish })), isPossible, 'the end of its step is recorded, wherever the plate is now')
  t.equal((await service.get(`/api/steps/${id}`)).body.status, 'running', 'a dry run ends nothing')
  const batch = { transfers: [transfer({ finish: times.finish })] }
  t.match((await service.post('/api/transfers/batch?dry_run=true', batch)).body.items, [{ findings: [] }])

  const other = transfer({ status: 'running' }, { target: { device: 'Hotel', position: 4 } })
  const { body: refused } = await service.post('/api/transfers', other)
  t.match([refused.code, (await tried(other)).body.findings[0]], ['id-in-use', { code: 'id-in-use', detail: refused.detail }], 'the first finding is the refusal')
  t.match(await service.post('/api/transfers', transfer({ finish: times.finish })), { status: 200, body: { step: { status: 'completed' } } })
  t.match((await tried(transfer({ finish: times.finish }))).body.findings, [])
})

t.test('a correction that changes nothing leaves no entry', async (t) => {
  const service = await aLab(t, { Hotel: 2, Washer: 1 })
  const { body: plate } = await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', labware_uuid: randomUUID() })
  const { body: step } = await service.post('/api/steps', { device: 'Washer', ...times, containers: ['P1'], data: { fct: 'wash', speed: 1.50 } })
  const { body: { id: process_id } } = await service.post('/api/processes', { name: 'p', source: 's' })
  const { body: experiment } = await service.post('/api/experiments', { process_id, name: 'e', metadata: { a: 1 } })
  const { body: { revision } } = await service.get('/api/lab')
  const same: [path: string, body: object][] = [
    [`/api/steps/${step.id}`, { reason, containers: ['P1'] }],
    [`/api/steps/${step.id}`, { reason, containers: ['P1', plate.id] }],
    [`/api/steps/${step.id}`, { reason, containers: ['P1', 'P1'] }],
    [`/api/steps/${step.id}`, { reason, start: '2026-03-02T10:15:00.000+01:00', finish: times.finish, status: 'completed', is_simulation: false, device: 'Washer' }],
    [`/api/steps/${step.id}`, { reason, data: { speed: 1.5, fct: 'wash' } }],
    ['/api/containers/P1', { barcode: 'P1', labware_uuid: plate.labware_uuid.toUpperCase(), content: null }],
    [`/api/experiments/${experiment.id}`, { name: 'e', metadata: { a: 1 }, status: 'created' }],
    ['/api/devices/Hotel', { capacity: 2 }],
    ['/api/devices/Hotel/positions/0', { deep_well_suited: false }]
  ]
  for (const [path, body] of same) {
    const answer = await service.patch(path, body)
    t.equal(answer.status, 200, JSON.stringify(body))
    t.equal((await service.get('/api/lab')).body.revision, revision, `${path} ${JSON.stringify(body)} has no revision`)
  }
  // A step that names one plate twice, by id and by barcode, keeps that after the barcode has gone to another plate.
  const twice = { reason, containers: [plate.id, 'P1'] }
  await service.patch(`/api/steps/${step.id}`, twice)
  const entries = async () => (await service.get(`/api/steps/${step.id}/history`)).body.items.length
  t.equal(await entries(), 1)
  await service.patch('/api/containers/P1', { barcode: 'P2' })
  await service.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P1' })
  await service.patch(`/api/steps/${step.id}`, twice)
  t.equal(await entries(), 1)
  const { body: corrected } = await service.post('/api/containers/P2/correct', { reason, device: 'Hotel', position: 0, lidded: false, barcode: 'P2' })
  t.equal(corrected.container.version, 2)
})
