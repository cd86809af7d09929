import { randomUUID } from 'node:crypto'
import t from 'tap'
import { shortDigestOf } from '../../src/domain/canonical.ts'
import { anExperiment, eventKinds, rows } from '../support/log.ts'
import { aLab, aService, type Service } from '../support/service.ts'

// A step that is told as running began lately.
const began = Math.floor(Date.now() / 60_000) * 60_000 - 600_000
const after = (seconds: number) => new Date(began + seconds * 1000).toISOString()
const start = after(0)
const finish = after(41.5)
const aStart = (more: object = {}) => ({ id: randomUUID(), device: 'Washer', name: 'Wash 1', data: { fct: 'wash', cycles: 3 }, start, status: 'running', ...more })
const count = async (service: Service) => await rows(service, 'SELECT count(*)::int FROM step')
const codes = ({ warnings }: { warnings: { code: string }[] }) => warnings.map(({ code }) => code)

t.test('a step that is told when it starts and when it has ended is one step', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1 })
  const { body: plate } = await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  await service.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P2' })
  const begun = aStart({ containers: [plate.id], attempt: 2, expected_seconds: 40 })
  t.match(await service.post('/api/steps', begun), { status: 201, body: { status: 'running', finish: null, attempt: 2, expected_seconds: 40, error: null, session: null } })
  const end = { ...begun, status: undefined, finish, data: { waste_ml: 12 }, lidded_before: true, lidded_after: false, barcode_read: true, containers: ['P1', 'P2'] }
  const { status, body } = await service.post('/api/steps', end)
  t.equal(status, 200)
  t.match(body, {
    id: begun.id, status: 'completed', finish, data: { fct: 'wash', cycles: 3, waste_ml: 12 }, fct: 'wash', lidded_before: true, lidded_after: false, barcode_read: true,
    attempt: 2, expected_seconds: 40, version: 2, warnings: [], duration_seconds: 41.5
  })
  t.same(body.containers.map(({ named, barcode }: { named: string, barcode: string }) => [named, barcode]), [[plate.id, 'P1'], ['P2', 'P2']], 'named by id, then by barcode: one container')
  t.same((await service.get(`/api/steps/${begun.id}`)).body, body)
  t.match(await count(service), [{ count: 1 }])
  t.match((await service.get(`/api/steps/${begun.id}/history`)).body.items, [{ kind: 'step-finished', before: { status: 'running' }, after: { status: 'completed', version: 2 } }])
  t.match(await rows(service, 'SELECT is_sample, match_function FROM step'), [{ is_sample: true, match_function: 'f:wash' }])
  for (const again of [end, begun]) t.match(await service.post('/api/steps', again), { status: 200, body }, 'told again it is as it is')
  t.same((await eventKinds(service)).slice(-2), ['steps-logged', 'step-finished'], 'and nothing is recorded')
})

t.test('what a step is compared with is the same however it was told', async (t) => {
  const service = await aService(t)
  const whole = { device: 'Washer', data: { fct: 'wash', cycles: 3, protocol: 'a.lhc' }, start, finish }
  const told = aStart({ name: undefined, data: { fct: 'wash', protocol: 'a.lhc' } })
  await service.post('/api/steps', whole)
  await service.post('/api/steps', told)
  await service.post('/api/steps', { ...told, status: 'completed', finish, data: { cycles: 3 } })
  const finished = aStart({ name: undefined, data: { fct: 'wash' } })
  await service.post('/api/steps', finished)
  await service.post(`/api/steps/${finished.id}/finish`, { finish, data: { cycles: 3, protocol: 'a.lhc' } })
  t.match(await rows(service, 'SELECT count(DISTINCT (key_1, key_2, key_3, data))::int AS kinds, count(*)::int FROM step WHERE is_sample'), [{ kinds: 1, count: 3 }])
})

t.test('a step that is told again otherwise stays as it is, and the answer says so', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  const begun = aStart()
  const { body: running } = await service.post('/api/steps', begun)
  const again = await service.post('/api/steps', { ...begun, data: { fct: 'wash', cycles: 4 } })
  t.match(again, { status: 200, body: { data: begun.data, version: 1, warnings: [{ code: 'differs-from-stored', pointer: '/data' }] } }, 'running, with other data')
  t.same((await service.get(`/api/steps/${begun.id}`)).body, running)
  const { body: ended } = await service.post('/api/steps', { ...begun, status: 'completed', finish })
  t.match(await service.post('/api/steps', { ...begun, data: { other: 1 } }), { status: 200, body: ended }, 'a start that arrives late is nothing new')
  t.same((await service.get(`/api/steps/${begun.id}`)).body, ended)
})

t.test('what is told otherwise after the end is named, whatever member it is', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1, Arm: 0 })
  const { id: experiment } = await anExperiment(service)
  const stored = {
    name: 'To the washer', data: { fct: 'move', speed: 2 }, finish, pauses: [{ paused_at: after(1), resumed_at: after(2) }], status: 'completed', experiment_id: experiment,
    is_simulation: false, origin: { device: 'Hotel', position: 1 }, destination: { device: 'Washer', position: 0 }, lidded_before: true, lidded_after: true,
    barcode_read: true, attempt: 1, expected_seconds: 40, error: 'late', session: 'today'
  }
  const otherwise: Record<keyof typeof stored, unknown> = {
    name: 'From the hotel', data: { speed: 3 }, finish: after(60), pauses: [{ paused_at: after(1), resumed_at: after(3) }], status: 'failed', experiment_id: 'run 7',
    is_simulation: true, origin: { device: 'Hotel', position: 2 }, destination: { device: 'Arm' }, lidded_before: false, lidded_after: false,
    barcode_read: false, attempt: 2, expected_seconds: 41, error: 'stuck', session: 'yesterday'
  }
  const { properties } = (await service.get('/openapi.json')).body.components.schemas.StepCreate
  t.strictSame(Object.keys({ ...stored, id: 0, kind: 0, device: 0, start: 0, containers: 0 }).sort(), Object.keys(properties).sort(), 'containers are added; the rest says what the step is')
  const step = { id: randomUUID(), kind: 'move', device: 'Arm', start }
  const { body } = await service.post('/api/steps', { ...step, ...stored })
  for (const [member, value] of Object.entries(otherwise)) {
    t.match(await service.post('/api/steps', { ...step, ...stored, [member]: value }), { status: 200, body: { ...body, warnings: [{ code: 'differs-from-stored', pointer: `/${member}` }] } }, member)
  }
  const silent = { ...step, finish, status: 'completed', origin: { device: 'Hotel' }, destination: { device: 'Washer' } }
  t.match(await service.post('/api/steps', silent), { status: 200, body: { ...body, warnings: [] } }, 'what is not told does not differ')
})

t.test('a start that arrives after the end changes nothing', async (t) => {
  const service = await aService(t)
  const begun = aStart()
  const { body } = await service.post('/api/steps', { ...begun, status: 'completed', finish })
  t.match(await service.post('/api/steps', begun), { status: 200, body })
  t.same((await service.get(`/api/steps/${begun.id}`)).body, body)
})

t.test('what the end says of session and simulation is kept, and another experiment is told', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  const begun = aStart()
  await service.post('/api/steps', begun)
  const end = { ...begun, status: 'completed', finish, session: 'in the morning', is_simulation: true, experiment_id: 'run 7' }
  t.match(await service.post('/api/steps', end), { status: 200,
    body: { status: 'completed', session: 'in the morning', is_simulation: true, excluded_from_estimates: 'simulation', warnings: [{ code: 'differs-from-stored', pointer: '/experiment_id' }] } })
  t.match(await service.post('/api/steps', end), { status: 200, body: { session: 'in the morning', is_simulation: true, warnings: [] } })
})

t.test('an id belongs to one kind, device and start', async (t) => {
  const service = await aService(t)
  const begun = aStart()
  await service.post('/api/steps', begun)
  const places = { origin: { device: 'Hotel' }, destination: { device: 'Washer' } }
  for (const other of [{ device: 'Reader' }, { start: after(1) }, { kind: 'move', ...places }]) {
    t.match(await service.post('/api/steps', { ...begun, finish, status: 'completed', ...other }), { status: 409, body: { code: 'id-in-use', id: begun.id, pointer: '/id' } }, JSON.stringify(other))
  }
  t.match(await rows(service, 'SELECT status FROM step'), [{ status: 'running' }])
})

t.test('a step can get its name at its start, at its end, or another one at its end', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  const cases: [string | undefined, string | undefined, string][] = [['Wash 1', undefined, 'Wash 1'], [undefined, 'Wash 1', 'Wash 1'], ['Wash', 'Wash 1', 'Wash 1'], ['Wash 1', 'Wash 1', 'Wash 1']]
  for (const data of [{ fct: 'wash' }, {}]) {
    for (const [first, last, name] of cases) {
      const begun = aStart({ name: first, data })
      await service.post('/api/steps', begun)
      const end = { ...begun, name: last, status: 'completed', finish }
      const ended = await service.post('/api/steps', end)
      t.match(ended, { status: 200, body: { name, status: 'completed', warnings: [] } }, `${first} ${last}`)
      t.match(await service.post('/api/steps', end), { status: 200, body: ended.body }, 'told again it is as it is')
      t.match(await service.post('/api/steps', begun), { status: 200, body: ended.body })
    }
  }
  t.match(await rows(service, 'SELECT count(DISTINCT (key_1, key_2, key_3))::int AS kinds, count(*)::int FROM step WHERE is_sample'), [{ kinds: 2, count: 8 }],
    'and is compared with the same steps')
})

t.test('a transfer can end a step under another name', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1, Arm: 0 })
  await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  const begun = { container: 'P1', source: { device: 'Hotel', position: 0 }, target: { device: 'Washer', position: 0 }, step: { id: randomUUID(), name: 'Move', device: 'Arm', start } }
  t.match(await service.post('/api/transfers', begun), { status: 200, body: { step: { status: 'running', name: 'Move' } } })
  for (const more of [{ name: undefined }, { name: 'Move P1' }]) {
    const end = { ...begun, step: { ...begun.step, ...more, finish } }
    if ('name' in more && more.name === undefined) t.match(await service.post('/api/transfers', end), { status: 200, body: { step: { status: 'completed', name: 'Move' } } })
    else t.match(await service.post('/api/transfers', end), { status: 409, body: { code: 'id-in-use' } }, 'what has ended stays')
  }
})

t.test('a step of version 0.2.0, which counted the name to what a step is, is still told again', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1, Arm: 0 })
  await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  const begun = aStart()
  const transfer = { container: 'P1', source: { device: 'Hotel', position: 0 }, target: { device: 'Washer', position: 0 }, step: { id: randomUUID(), name: 'Move', device: 'Arm', start, finish } }
  await service.post('/api/steps', begun)
  const { body: moved } = await service.post('/api/transfers', transfer)
  for (const [id, what] of [[begun.id, ['operation', 'Wash 1', 'Washer', start]], [transfer.step.id, ['move', 'Move', 'Arm', start]]] as const) {
    const identity = shortDigestOf(what)
    await rows(service, `UPDATE step SET created_as = '${identity}:' || split_part(created_as, ':', 2) WHERE id = '${id}'`)
    await rows(service, `UPDATE transfer_outcome SET created_as = '${identity}:' || split_part(created_as, ':', 2) || ':' || split_part(created_as, ':', 3) WHERE step_id = '${id}'`)
  }
  await service.patch(`/api/steps/${begun.id}`, { reason: 'clock', start: after(10) })
  t.match(await service.post('/api/steps', { ...begun, status: 'completed', finish }), { status: 200, body: { start: after(10), finish, status: 'completed' } })
  t.match(await service.post('/api/transfers', transfer), { status: 200, body: { step: moved.step, container: moved.container } })
})

t.test('a corrected start does not make another step of the end', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  const begun = aStart()
  await service.post('/api/steps', begun)
  await service.patch(`/api/steps/${begun.id}`, { reason: 'clock', start: after(10) })
  t.match(await service.post('/api/steps', { ...begun, status: 'completed', finish }), { status: 200, body: { start: after(10), finish, duration_seconds: 31.5 } })
  const late = aStart()
  await service.post('/api/steps', late)
  await service.patch(`/api/steps/${late.id}`, { reason: 'clock', start: after(300) })
  const { body } = await service.post('/api/steps', { ...late, status: 'completed', finish })
  t.match([body.start, body.finish, codes(body)], [after(300), after(300), ['clock-skew']])
})

t.test('a batch starts and ends steps, and all of it is one command', async (t) => {
  const service = await aService(t)
  const [a, b] = [aStart(), aStart({ data: { fct: 'read' } })]
  await service.post('/api/steps/batch', { steps: [a, b] })
  const { body: { revision } } = await service.get('/api/lab')
  const answer = await service.post('/api/steps/batch', { steps: [{ ...a, status: 'failed', finish, error: 'stuck' }, { device: 'New', start, finish }, { ...b, status: 'aborted', data: { x: 1 } }] })
  t.match(answer, { status: 201, body: { items: [{ status: 'failed', error: 'stuck', finish }, { status: 'completed' }, { status: 'aborted', finish: null, data: { fct: 'read', x: 1 } }] } })
  t.match(await rows(service, `SELECT kind, ordinal FROM event WHERE revision = ${revision as number + 1} ORDER BY ordinal`), [
    { kind: 'steps-logged', ordinal: 0 }, { kind: 'device-named', ordinal: 1 }, { kind: 'step-finished', ordinal: 2 }, { kind: 'step-finished', ordinal: 3 }
  ])
  t.match(await service.post('/api/steps/batch', { steps: [{ ...a, status: 'failed', finish, error: 'stuck' }] }), { status: 200 })
  t.match((await service.get('/api/lab')).body, { revision: revision as number + 1 })
})

t.test('the end of a paused step ends its pause', async (t) => {
  const service = await aService(t)
  const begun = aStart()
  await service.post('/api/steps', begun)
  await service.post(`/api/steps/${begun.id}/pause`, { at: after(10) })
  t.match(await service.post('/api/steps', { ...begun, status: 'completed', finish }), { status: 200, body: { status: 'completed', paused_at: null, paused_seconds: 31.5, active_seconds: 10 } })
})

t.test('the finish of a step takes what a report of its end does', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1, Arm: 0 })
  const { body: plate } = await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  const move = { id: randomUUID(), kind: 'move', device: 'Arm', start, status: 'running', origin: { device: 'Hotel' }, destination: { device: 'Washer' }, containers: [plate.id] }
  await service.post('/api/steps', move)
  const { status, body } = await service.post(`/api/steps/${move.id}/finish`, {
    finish, origin: { device: 'Hotel', position: 0 }, destination: { device: 'Washer', position: 0 }, lidded_before: true, lidded_after: true, barcode_read: true,
    containers: ['P1', 'P9'], error: null, attempt: 3, expected_seconds: 12
  })
  t.match([status, body], [200, {
    origin: { device: 'Hotel', position: 0 }, destination: { device: 'Washer', position: 0 }, lidded_before: true, lidded_after: true, barcode_read: true, attempt: 3, expected_seconds: 12
  }])
  t.match(body.containers, [{ named: plate.id, barcode: 'P1' }, { named: 'P9', id: null }])
  t.same(codes(body), ['unknown-container'])
  const bare = { ...move, id: randomUUID() }
  await service.post('/api/steps', bare)
  t.match(await service.post(`/api/steps/${bare.id}/finish`, {}), { status: 200, body: { status: 'completed', destination: { device: 'Washer', position: null } } })
  const operation = aStart()
  await service.post('/api/steps', operation)
  t.match(await service.post(`/api/steps/${operation.id}/finish`, { origin: { device: 'Hotel' } }), { status: 400, body: { errors: [{ pointer: '/origin' }] } })
  t.match(await service.post(`/api/steps/${operation.id}/finish`, { status: 'failed', error: 'no water' }), { status: 200, body: { status: 'failed', error: 'no water' } })
})

t.test('a transfer ends a step that was told when it started', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1, Arm: 0 })
  await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  const step = { id: randomUUID(), kind: 'move', device: 'Arm', start, status: 'running', data: { fct: 'move', speed: 2 }, origin: { device: 'Hotel' }, destination: { device: 'Washer' } }
  await service.post('/api/steps', step)
  const transfer = { container: 'P1', source: { device: 'Hotel', position: 0 }, target: { device: 'Washer' }, step: { id: step.id, device: 'Arm', start, finish, data: { grip: 1 } } }
  const first = await service.post('/api/transfers', transfer)
  t.match(first, { status: 200, body: {
    container: { device: 'Washer', position: 0 }, step: { id: step.id, status: 'completed', finish, data: { fct: 'move', speed: 2, grip: 1 }, destination: { device: 'Washer', position: 0 }, lidded_before: false }
  } })
  const again = await service.post('/api/transfers', transfer)
  t.match([again.body.step, again.body.container], [first.body.step, first.body.container], 'told again it is as it is')
  t.match(await service.post('/api/transfers', { ...transfer, target: { device: 'Hotel' } }), { status: 409, body: { code: 'id-in-use' } }, 'another transfer is another step')
  t.match(await count(service), [{ count: 1 }])
})

t.test('a transfer that is told when it starts ends by a step, or by the same transfer', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 2, Arm: 0 })
  for (const position of [0, 1]) await service.post('/api/containers', { device: 'Hotel', position, barcode: `P${position}` })
  const begin = (position: number) => ({ container: `P${position}`, source: { device: 'Hotel', position }, target: { device: 'Washer', position }, step: { id: randomUUID(), device: 'Arm', start, data: { fct: 'move' } } })
  const [a, b] = [begin(0), begin(1)]
  for (const transfer of [a, b]) t.match(await service.post('/api/transfers', transfer), { status: 200, body: { step: { status: 'running' } } })
  t.match(await service.post('/api/steps', { ...a.step, kind: 'move', finish, origin: { device: 'Hotel' }, destination: { device: 'Washer' } }), { status: 200, body: { status: 'completed', origin: { position: 0 } } })
  const end = { ...b, step: { ...b.step, finish, data: { fct: 'move', grip: 1 } } }
  const ended = await service.post('/api/transfers', end)
  t.match(ended, { status: 200 }, ended.text)
  t.match(ended.body, { step: { status: 'completed', finish, data: { grip: 1 }, version: 2 }, container: { device: 'Washer', position: 1 } })
  t.same((await service.post('/api/transfers', end)).body, ended.body)
  t.match(await count(service), [{ count: 2 }])
})

t.test('starts and ends that arrive at the same time are one step', async (t) => {
  const service = await aService(t)
  for (let n = 0; n < 20; n++) {
    const begun = aStart({ data: { fct: 'wash', n } })
    const answers = await Promise.all([begun, { ...begun, status: 'completed', finish, data: { end: n } }, begun].map(async (body) => await service.post('/api/steps', body)))
    t.same(answers.map(({ status }) => status).filter((status) => status === 201).length, 1)
    t.ok(answers.every(({ status }) => status === 201 || status === 200))
    t.match((await service.get(`/api/steps/${begun.id}`)).body, { status: 'completed', finish })
  }
})

t.test('a failed step needs attention until it is tried again, or the experiment is over', async (t) => {
  const service = await aService(t)
  const { id } = await anExperiment(service)
  const attention = async () => (await service.get(`/api/experiments/${id}`)).body.attention as boolean
  const failed = aStart({ experiment_id: id, attempt: 1 })
  await service.post('/api/steps', failed)
  t.equal(await attention(), false)
  await service.post(`/api/steps/${failed.id}/finish`, { status: 'failed', error: 'no water', finish })
  t.equal(await attention(), true)
  await service.post('/api/steps', aStart({ experiment_id: id, name: 'Wash 2', start: finish }))
  t.equal(await attention(), true, 'another step is no second try')
  await service.post('/api/steps', aStart({ experiment_id: id, attempt: 2, start: finish }))
  t.equal(await attention(), false)
  const other = aStart({ experiment_id: id, name: 'Read', status: 'failed', finish })
  await service.post('/api/steps', other)
  t.equal(await attention(), true)
  await service.patch(`/api/steps/${other.id}`, { reason: 'by hand', status: 'aborted' })
  t.equal(await attention(), false, 'resolved by hand')
})
