import t, { type Test } from 'tap'
import { aStep } from '../support/log.ts'
import { type Answer, aLab, type Service } from '../support/service.ts'

const times = { start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:15:31Z' }

async function aPlate (service: Service, plate: object): Promise<string> {
  const { status, body, text } = await service.post('/api/containers', plate)
  if (status !== 201) throw new Error(text)
  return body.id
}

async function refused (t: Test, service: Service, transfer: object, problem: object): Promise<void> {
  const { text: before } = await service.get('/api/lab')
  const answer = await service.post('/api/transfers', transfer)
  t.match(answer, { status: 409, body: problem }, JSON.stringify(transfer))
  t.equal((await service.get('/api/lab')).text, before, 'nothing was changed')
  const dry = await service.post('/api/transfers?dry_run=true', transfer)
  t.match(dry, { status: 200, body: { status: 'dry-run', findings: [{ ...problem, detail: answer.body.detail }] } }, 'a dry run tells the same')
  t.equal((await service.get('/api/lab')).text, before)
}

t.test('one finished step in one call: place, lid, barcode and step', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1, Arm: 0 })
  const id = await aPlate(service, { device: 'Hotel', position: 1, lidded: true })
  const { body: process } = await service.post('/api/processes', { name: 'p', source: 's' })
  const { body: experiment } = await service.post('/api/experiments', { process_id: process.id })
  const { body: lab } = await service.get('/api/lab')

  const { status, body } = await service.post('/api/transfers', {
    source: { device: 'Hotel', position: 1 }, target: { device: 'Washer' }, lid: { action: 'off', device: 'Hotel' }, barcode: 'P1',
    step: { device: 'Arm', ...times, data: { fct: 'move' }, experiment_id: experiment.id }
  })
  t.equal(status, 200)
  t.match(body, {
    status: 'success', revision: lab.revision + 1, findings: [],
    container: { id, barcode: 'P1', device: 'Washer', position: 0, lidded: false, lid: { device: 'Hotel', position: 0 } },
    step: {
      kind: 'move', fct: 'move', device: 'Arm', duration_seconds: 31, experiment_id: experiment.id, containers: [{ id, barcode: 'P1', named: 'P1' }],
      origin: { device: 'Hotel', position: 1 }, destination: { device: 'Washer', position: 0 }, lidded_before: true, lidded_after: false, barcode_read: true, warnings: []
    }
  })
  t.strictSame(Object.keys(body.container).slice(0, 5), ['id', 'name', 'barcode', 'device', 'position'], 'members in the usual order')
  t.strictSame(body.container, (await service.get('/api/containers/P1')).body)
  t.strictSame(body.step, (await service.get(`/api/steps/${body.step.id}`)).body)
  const { body: history } = await service.get('/api/containers/P1/history')
  t.strictSame(history.items.map(({ kind, revision }: { kind: string, revision: number }) => [kind, revision]).slice(-3),
    ['barcode-set', 'moved', 'unlidded'].map((kind) => [kind, body.revision]), 'one revision, an event a change')
  t.equal((await service.get(`/api/experiments/${experiment.id}`)).body.status, 'running')
})

t.test('the lid comes on again on the way back; a container named needs no source', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1 })
  await aPlate(service, { device: 'Washer', barcode: 'P1', lid: { device: 'Hotel', position: 3 } })
  const { body } = await service.post('/api/transfers', { container: 'P1', target: { device: 'Hotel', position: 0 }, lid: { action: 'on', device: 'Hotel', position: 3 } })
  t.match(body.container, { device: 'Hotel', position: 0, lidded: true, lid: null })
  t.equal(body.step, null)
  t.match((await service.get('/api/devices/Hotel/positions')).body.map(({ occupied_by }: { occupied_by: string }) => occupied_by), ['container', null, null, null])
  t.match((await service.post('/api/transfers', { container: 'P1', lid: { action: 'on' } })).body.container, { version: body.container.version }, 'a lid that is on stays on')
})

t.test('it is judged by the state in which it ends: a container and its own lid change places', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  await aPlate(service, { device: 'Hotel', position: 0, barcode: 'P1', lid: { device: 'Hotel', position: 1 } })
  const go = async (transfer: object) => (await service.post('/api/transfers', { container: 'P1', ...transfer })).body.container
  t.match(await go({ target: { device: 'Hotel', position: 1 }, lid: { action: 'on' } }), { position: 1, lidded: true, lid: null }, 'to the slot that its lid leaves')
  t.match(await go({ target: { device: 'Hotel', position: 2 }, lid: { action: 'off', device: 'Hotel', position: 1 } }), { position: 2, lid: { position: 1 } }, 'the lid to the slot that it leaves')
  t.match(await go({ target: { device: 'Hotel', position: 1 }, lid: { action: 'off', device: 'Hotel', position: 2 } }), { position: 1, lid: { position: 2 } }, 'both at once')
  t.match(await go({ target: { device: 'Hotel', position: 1 }, lid: { action: 'off', device: 'Hotel', position: 2 } }), { position: 1, lid: { position: 2 } }, 'to where they are')
  t.match(await go({ target: { device: 'Hotel' }, lid: { action: 'off', device: 'Hotel', position: 3 } }), { position: 0, lid: { position: 3 } })
  t.match(await go({ target: { device: 'Hotel', position: 3 }, lid: { action: 'off', device: 'Hotel' } }), { position: 3, lid: { position: 0 } }, 'the lowest slot that is free in the end')
  await refused(t, service, { container: 'P1', target: { device: 'Hotel', position: 0 } }, { code: 'position-occupied', pointer: '/target/position', occupant: { part: 'lid', barcode: 'P1' } })
  await refused(t, service, { container: 'P1', target: { device: 'Hotel', position: 1 }, lid: { action: 'off', device: 'Hotel', position: 1 } }, { code: 'position-occupied', pointer: '/lid/position', occupant: { barcode: 'P1' } })
})

t.test('a full device: the plate goes to the slot that its lid leaves, and the lid to that of the plate', async (t) => {
  const service = await aLab(t, { Hotel: 2, Washer: 1 })
  await aPlate(service, { device: 'Washer', barcode: 'P1', lid: { device: 'Hotel', position: 1 } })
  await aPlate(service, { device: 'Hotel', position: 0, barcode: 'P2' })
  t.match((await service.post('/api/transfers', { container: 'P1', target: { device: 'Hotel' }, lid: { action: 'on' } })).body.container, { device: 'Hotel', position: 1 })
  t.match((await service.post('/api/transfers', { container: 'P1', target: { device: 'Washer' }, lid: { action: 'off', device: 'Hotel' } })).body.container, { lid: { position: 1 } })
})

t.test('what contradicts the tracked lab is refused, and a dry run tells the same', async (t) => {
  const service = await aLab(t, { Hotel: 3, Washer: 1, Lids: 1 })
  await aPlate(service, { device: 'Hotel', position: 0, barcode: 'P1', lidded: true })
  await aPlate(service, { device: 'Washer', barcode: 'P2', lid: { device: 'Lids' } })
  await aPlate(service, { device: 'Hotel', position: 1, name: 'unread' })
  const gone = await aPlate(service, { device: 'Hotel', position: 2, barcode: 'P9' })
  await service.delete('/api/containers/P9')

  const hotel = (position: number) => ({ device: 'Hotel', position })
  await refused(t, service, { container: 'P1', target: { device: 'Washer' } }, { code: 'no-free-position', pointer: '/target/device' })
  await refused(t, service, { container: 'P1', target: { device: 'Washer', position: 0 } }, { code: 'position-occupied', occupant: { barcode: 'P2', part: 'container' }, pointer: '/target/position' })
  await refused(t, service, { container: 'P1', lid: { action: 'off', device: 'Lids' } }, { code: 'no-free-position', pointer: '/lid/device' })
  await refused(t, service, { container: 'P1', lid: { action: 'off', device: 'Lids', position: 0 } }, { code: 'position-occupied', occupant: { part: 'lid' } })
  await refused(t, service, { container: 'P1', source: hotel(1), target: hotel(2) }, { code: 'source-mismatch', actual: hotel(0), pointer: '/source' })
  await refused(t, service, { container: 'P1', source: hotel(2), target: hotel(2) }, { code: 'source-mismatch', actual: hotel(0) })
  await refused(t, service, { source: hotel(2), target: hotel(2) }, { code: 'source-empty', pointer: '/source' })
  await refused(t, service, { source: { device: 'Lids', position: 0 }, target: hotel(2) }, { code: 'source-empty', occupant: { barcode: 'P2', part: 'lid' } })
  await refused(t, service, { source: hotel(0), target: hotel(2), barcode: 'P2' }, { code: 'source-mismatch', expected: { ...hotel(0), barcode: 'P2' }, actual: { device: 'Washer', position: 0 }, pointer: '/barcode' })
  await refused(t, service, { source: hotel(1), target: hotel(2), barcode: 'P2' }, { code: 'barcode-in-use', holder: { barcode: 'P2', device: 'Washer' } })
  await refused(t, service, { container: 'P2', lid: { action: 'on', ...hotel(2) } }, { code: 'lid-mismatch', actual: { device: 'Lids', position: 0 }, pointer: '/lid' })
  await refused(t, service, { container: gone, target: hotel(2) }, { code: 'container-removed' })
  for (const [transfer, code, pointer] of [
    [{ container: 'P7', target: hotel(2) }, 'container-not-found', '/container'], [{ container: 'P1', target: { device: 'Attic' } }, 'device-not-found', '/target/device'],
    [{ container: 'P1', target: hotel(8) }, 'position-not-found', '/target/position'], [{ container: 'P1', lid: { action: 'off', device: 'Hotel', position: 8 } }, 'position-not-found', '/lid/position'],
    [{ source: hotel(8), target: hotel(2) }, 'position-not-found', '/source/position'], [{ container: 'P2', lid: { action: 'on', device: 'Attic' } }, 'device-not-found', '/lid/device']
  ] as const) {
    t.match(await service.post('/api/transfers', transfer), { status: 404, body: { code, pointer } })
    t.match((await service.post('/api/transfers?dry_run=true', transfer)).body, { findings: [{ code, pointer }] })
  }
})

t.test('a dry run tells all that stands against it at once, and books nothing', async (t) => {
  const service = await aLab(t, { Hotel: 3, Washer: 1, Lids: 1 })
  await aPlate(service, { device: 'Hotel', position: 0, barcode: 'P1', lidded: true })
  await aPlate(service, { device: 'Washer', barcode: 'P2', lid: { device: 'Lids' } })
  const { text: before } = await service.get('/api/lab')
  const wrong = { container: 'P1', source: { device: 'Hotel', position: 2 }, target: { device: 'Washer', position: 0 }, lid: { action: 'off', device: 'Lids' }, barcode: 'P2', step: { device: 'Arm', ...times } }
  const { body } = await service.post('/api/transfers?dry_run=true', wrong)
  t.strictSame(body.findings.map(({ code }: { code: string }) => code), ['source-mismatch', 'source-mismatch', 'position-occupied', 'no-free-position'])
  t.match(body, { status: 'dry-run', step: null, container: { barcode: 'P1', position: 0 } })
  t.match((await service.post('/api/transfers?dry_run=true', { container: 'P1', target: { device: 'Hotel' } })).body, { findings: [], container: { position: 0 } }, 'it could be done')
  t.equal((await service.get('/api/lab')).text, before)
  t.equal((await service.get('/api/steps?count=true')).body.total, 0)
})

t.test('a batch is booked in order, all or none, and the refusal names the first that fails', async (t) => {
  const service = await aLab(t, { Hotel: 2, Washer: 1, Arm: 0 })
  await aPlate(service, { device: 'Hotel', position: 0, barcode: 'P1' })
  await aPlate(service, { device: 'Washer', position: 0, barcode: 'P2' })
  const step = { device: 'Arm', ...times }
  const swap = [
    { container: 'P2', target: { device: 'Hotel', position: 1 }, step },
    { container: 'P1', target: { device: 'Washer', position: 0 } },
    { container: 'P2', target: { device: 'Hotel', position: 0 }, step: { ...step, id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11' } }
  ]
  const { status, body } = await service.post('/api/transfers/batch', { transfers: swap })
  t.equal(status, 200)
  t.match(body.items, [
    { container: { barcode: 'P2', device: 'Hotel', position: 0 }, step: { origin: { device: 'Washer', position: 0 }, destination: { device: 'Hotel', position: 1 } } },
    { container: { barcode: 'P1', device: 'Washer' }, step: null },
    { container: { barcode: 'P2' }, step: { id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', origin: { device: 'Hotel', position: 1 }, destination: { device: 'Hotel', position: 0 } } }
  ])
  t.equal(body.revision, (await service.get('/api/lab')).body.revision)

  const failing = [{ container: 'P2', target: { device: 'Hotel', position: 1 } }, { container: 'P2', target: { device: 'Hotel', position: 0 } }, { container: 'P2', target: { device: 'Washer', position: 0 } }]
  const { text: before } = await service.get('/api/lab')
  t.match(await service.post('/api/transfers/batch', { transfers: failing }), { status: 409, body: { code: 'position-occupied', index: 2, pointer: '/transfers/2/target/position' } })
  t.match((await service.post('/api/transfers/batch?dry_run=true', { transfers: failing })).body.items.map(({ findings }: { findings: object[] }) => findings), [[], [], [{ code: 'position-occupied', index: 2 }]])
  t.equal((await service.get('/api/lab')).text, before)
  const used = [{ container: 'P1', barcode: 'P1' }, { container: 'P2', target: { device: 'Hotel', position: 1 }, step: { ...step, id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11' } }]
  t.match(await service.post('/api/transfers/batch', { transfers: used }), { status: 409, body: { code: 'id-in-use', index: 1, pointer: '/transfers/1/step/id' } })
  t.equal((await service.get('/api/lab')).text, before, 'the step was refused, so nothing was moved')
})

t.test('a transfer repeated with the id of its step is one step', async (t) => {
  const service = await aLab(t, { Hotel: 2, Arm: 0 })
  await aPlate(service, { device: 'Hotel', position: 0, barcode: 'P1' })
  const transfer = { container: 'P1', target: { device: 'Hotel', position: 1 }, step: { id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', device: 'Arm', ...times } }
  const first = await service.post('/api/transfers', transfer)
  const again = await service.post('/api/transfers', transfer)
  t.equal(again.status, 200)
  t.strictSame(again.body.step, first.body.step)
  t.equal((await service.get('/api/steps?count=true')).body.total, 1)
})

t.test('a transfer of a step that was told before, in which nothing moves, leaves the revision as it is', async (t) => {
  const service = await aLab(t, { Hotel: 2, Washer: 1 })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  const told = aStep({ device: 'Washer', data: { fct: 'wash' }, containers: ['P1'] })
  const { body: step } = await service.post('/api/steps', told)
  const { body: { revision } } = await service.get('/api/lab')
  const transfer = { container: 'P1', step: { ...told, id: step.id as string, containers: undefined } }
  for (const time of ['first', 'second']) t.match(await service.post('/api/transfers', transfer), { status: 200, headers: { 'lab-revision': String(revision) }, body: { revision } }, time)
  t.equal((await service.get('/api/lab')).body.revision, revision)
})

t.test('the step that is stored as the answer is the step as events store it', async (t) => {
  const service = await aLab(t, { Hotel: 2, Washer: 1 })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  const pauses = [{ paused_at: '2026-03-02T09:00:02Z', resumed_at: '2026-03-02T09:00:05Z' }]
  t.equal((await service.post('/api/transfers', { container: 'P1', target: { device: 'Washer' }, step: { ...aStep({ device: 'Washer' }), pauses } })).status, 200)
  t.same((await service.query('SELECT step = step_snapshot(step_id) AS same FROM transfer_outcome')).rows, [{ same: true }])
})

t.test('an operation at a device is booked too: a lid, a barcode, or only its step', async (t) => {
  const service = await aLab(t, { Reader: 1 })
  const id = await aPlate(service, { device: 'Reader', name: 'unread' })
  const { body } = await service.post('/api/transfers', { source: { device: 'Reader', position: 0 }, barcode: 'P1', step: { device: 'Reader', data: { fct: 'read_barcode' }, ...times } })
  t.match(body, { container: { id, barcode: 'P1' }, step: { kind: 'operation', origin: null, barcode_read: true } })
  const { body: lab } = await service.get('/api/lab')
  const { body: only } = await service.post('/api/transfers', { container: 'P1', step: { device: 'Reader', ...times, containers: ['other'] } })
  t.match(only, { revision: lab.revision + 1, step: { barcode_read: false, containers: [{ named: 'other' }], warnings: [{ code: 'unknown-container' }] } })
  t.equal((await service.post('/api/transfers', { container: 'P1', barcode: 'P1' })).body.revision, lab.revision + 1, 'what is known already changes nothing')
})

t.test('reserved slots take their reservations, for the plate and for the lid', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 2 })
  await aPlate(service, { device: 'Washer', position: 1, barcode: 'P1', lidded: true })
  const reserve = async (purpose: string) => (await service.post('/api/reservations', { device: 'Hotel', purpose, owner: 'o', ttl_seconds: 60 })).body.id
  const [reservation_id, lid_reservation_id] = [await reserve('container'), await reserve('lid')]
  await refused(t, service, { container: 'P1', target: { device: 'Hotel', position: 0 } }, { code: 'position-reserved', pointer: '/target/position' })
  await refused(t, service, { container: 'P1', lid: { action: 'off', device: 'Hotel', position: 1 }, lid_reservation_id: reservation_id }, { code: 'reservation-mismatch', pointer: '/lid/position' })
  t.match((await service.post('/api/transfers', { container: 'P1', target: { device: 'Hotel' }, lid: { action: 'off', device: 'Hotel' } })).body.container, { position: 2, lid: { position: 3 } }, 'passed over')
  t.match((await service.post('/api/transfers', { container: 'P1', target: { device: 'Hotel' }, lid: { action: 'off', device: 'Hotel', position: 1 }, reservation_id, lid_reservation_id })).body.container, { position: 0, lid: { position: 1 } })
  t.strictSame((await service.get('/api/reservations')).body.items, [])
})

t.test('racing robots: each slot is filled once, and every loser is told by whom', async (t) => {
  const service = await aLab(t, { Hotel: 20, Washer: 4 })
  for (let slot = 0; slot < 20; slot++) await aPlate(service, { device: 'Hotel', position: slot, barcode: `P${slot}` })
  const answers: Answer[] = await Promise.all(Array.from({ length: 20 }, (_, slot) =>
    service.post('/api/transfers', { container: `P${slot}`, target: { device: 'Washer', position: slot % 4 }, step: { device: 'Arm', ...times } })))
  t.equal(answers.filter(({ status }) => status === 200).length, 4)
  t.ok(answers.filter(({ status }) => status !== 200).every(({ body }) => body.code === 'position-occupied' && /^P\d+$/.test(body.occupant.barcode)))
  t.equal((await service.get('/api/steps?count=true')).body.total, 4, 'a step each')
  t.equal((await service.get('/api/lab/health')).body.healthy, true)
})

t.test('what says nothing, or contradicts itself, is named', async (t) => {
  const service = await aLab(t, { Hotel: 2 })
  const target = { device: 'Hotel' }
  for (const [transfer, pointer] of [
    [{ target }, '/container'], [{ container: 'P1' }, '/target'], [{ container: 'P1', lid: { action: 'keep' } }, '/target'], [{ container: 'P1', lid: { action: 'off' } }, '/lid/device'],
    [{ container: 'P1', target, lid: { action: 'keep', device: 'Hotel' } }, '/lid/device'], [{ container: 'P1', lid: { action: 'on', position: 1 } }, '/lid/device'],
    [{ container: 'P1', lid: { action: 'open' } }, '/lid/action'], [{ container: 'P1', barcode: 'P1', reservation_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11' }, '/reservation_id'],
    [{ container: 'P1', target, lid_reservation_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11' }, '/lid_reservation_id'],
    [{ container: 'P1', target, step: { device: 'Arm', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:14:00Z' } }, '/step/finish'],
    [{ container: 'P1', target, step: { device: 'Arm', start: '2026-03-02 09:15' } }, '/step/start'], [{ container: 'P1', target: {} }, '/target/device'], [{ container: 'P1', target, extra: 1 }, '/extra']
  ] as const) {
    t.match(await service.post('/api/transfers', transfer), { status: 400, body: { errors: [{ pointer }] } }, JSON.stringify(transfer))
    t.match(await service.post('/api/transfers/batch', { transfers: [transfer] }), { status: 400, body: { errors: [{ pointer: `/transfers/0${pointer}` }] } })
  }
  t.equal((await service.post('/api/transfers/batch', { transfers: [] })).status, 400)
})
