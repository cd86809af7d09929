import { randomUUID } from 'node:crypto'
import t from 'tap'
import { anExperiment, aStep, eventKinds, logged, rows } from '../support/log.ts'
import { aLab, aService, type Answer } from '../support/service.ts'

const codes = (step: { warnings: { code: string }[] }) => step.warnings.map(({ code }) => code)
const plainly = ({ status, body }: Answer) => ({ status, body })

t.test('a step that names a label of before is told which container bore it', async (t) => {
  const service = await aLab(t, { Hotel: 2 })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'OLD1' })
  await service.post('/api/containers/relabel', { reason: 'torn', labels: [{ container: 'OLD1', barcode: 'NEW1' }] })
  const answer = await service.post('/api/steps', { device: 'Hotel', start: new Date(Date.now() + 1000).toISOString(), containers: ['OLD1'] })
  t.match(answer, { status: 201, body: { containers: [{ id: null, named: 'OLD1' }] } })
  t.match(answer.body.warnings.find(({ code }: { code: string }) => code === 'unknown-container').detail, /Until \S+Z, it was the barcode of the container "NEW1"\./)
})

t.test('an operation is stored as it happened', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const plate = (await lab.post('/api/containers', { device: 'Reader', barcode: 'SCREEN_001' })).body
  const experiment = await anExperiment(lab)
  const answer = await lab.post('/api/steps', {
    name: 'Read plate 1', device: 'Reader', data: { fct: 'absorbance', wavelength: 570 }, start: '2026-03-02T10:15:00.1239+01:00', finish: '2026-03-02T09:15:41.623Z',
    experiment_id: experiment.id, containers: ['SCREEN_001'], barcode_read: true
  })
  t.match(answer, { status: 201, headers: { location: `/api/steps/${answer.body.id}` } })
  const { id, created_at, updated_at, ...facts } = answer.body
  t.same(facts, {
    kind: 'operation', name: 'Read plate 1', fct: 'absorbance', device: 'Reader', data: { fct: 'absorbance', wavelength: 570 },
    start: '2026-03-02T09:15:00.123Z', finish: '2026-03-02T09:15:41.623Z', status: 'completed', duration_seconds: 41.5, paused_at: null, paused_seconds: 0, active_seconds: 41.5,
    experiment_id: experiment.id, experiment_named: null, containers: [{ id: plate.id, barcode: 'SCREEN_001', named: 'SCREEN_001' }],
    origin: null, destination: null, lidded_before: null, lidded_after: null, barcode_read: true, is_simulation: false,
    attempt: null, expected_seconds: null, error: null, session: null, excluded_from_estimates: null, warnings: [], version: 1
  })
  t.equal(created_at, updated_at)
  t.same((await lab.get(`/api/steps/${id}`)).body, answer.body)
})

t.test('a move has two ends, with or without slots', async (t) => {
  const lab = await aLab(t, { Arm: 1, Hotel: 3, Reader: 1 })
  const step = await logged(lab, { kind: 'move', device: 'Arm', origin: { device: 'Hotel', position: 2 }, destination: { device: 'Reader' }, lidded_before: true, lidded_after: false })
  t.match(step, { kind: 'move', fct: null, origin: { device: 'Hotel', position: 2 }, destination: { device: 'Reader', position: null }, lidded_before: true, lidded_after: false, warnings: [] })
})

t.test('the status follows from the finish unless it is said', async (t) => {
  const service = await aService(t)
  for (const [input, stored] of [
    [{}, 'completed'],
    [{ finish: null }, 'running'],
    [{ finish: undefined, status: 'running' }, 'running'],
    [{ status: 'failed' }, 'failed'],
    [{ status: 'aborted', finish: null }, 'aborted'],
    [{ finish: aStep().start }, 'completed']
  ] as const) t.equal((await logged(service, input)).status, stored, JSON.stringify(input))
})

t.test('running with a finish is completed, with a warning', async (t) => {
  const service = await aService(t)
  const step = await logged(service, { status: 'running' })
  t.match(step, { status: 'completed', duration_seconds: 10 })
  t.match(step.warnings[0], { code: 'running-with-finish', pointer: '/status' })
})

t.test('what contradicts itself is refused, with the place', async (t) => {
  const service = await aService(t)
  const long = 'f'.repeat(201)
  for (const [input, pointer] of [
    [{ finish: '2026-03-02T08:59:59.999Z' }, '/finish'],
    [{ finish: '2026-03-02T09:59:00+01:00' }, '/finish'],
    [{ status: 'completed', finish: null }, '/status'],
    [{ data: { fct: 7 } }, '/data/fct'],
    [{ data: { fct: '' } }, '/data/fct'],
    [{ data: { fct: long } }, '/data/fct'],
    [{ kind: 'move', origin: { device: 'A' } }, '/destination'],
    [{ kind: 'move', destination: { device: 'A' } }, '/origin'],
    [{ destination: { device: 'A' } }, '/destination'],
    [{ start: '2026-03-02T09:00:00' }, '/start'],
    [{ device: '' }, '/device'],
    [{ origin: { device: 'A', slot: 3 }, kind: 'move', destination: { device: 'B' } }, '/origin/slot'],
    [{ plate: 'P1' }, '/plate']
  ] as const) {
    t.match(await service.post('/api/steps', aStep(input)), { status: 400, body: { code: 'invalid-request', errors: [{ in: 'body', pointer }] } }, JSON.stringify(input).slice(0, 80))
    t.match(await service.post('/api/steps/batch', { steps: [aStep(), aStep(input)] }), { status: 400, body: { errors: [{ pointer: `/steps/1${pointer}` }] } })
  }
  t.match(await rows(service, 'SELECT count(*)::int FROM step'), [{ count: 0 }])
  t.equal((await service.post('/api/steps', aStep({ data: { fct: '🧪'.repeat(200) } }))).status, 201, 'characters are counted, not their halves')
})

t.test('names that nobody knows are stored, with warnings', async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  const step = await logged(lab, {
    kind: 'move', device: 'Arm', origin: { device: 'Hotel', position: 99 }, destination: { device: 'Nowhere' }, containers: ['P1', randomUUID()], experiment_id: 'Monday'
  })
  t.match(step, {
    device: 'Arm', origin: { device: 'Hotel', position: 99 }, destination: { device: 'Nowhere' }, experiment_id: null, experiment_named: 'Monday',
    containers: [{ id: null, barcode: null, named: 'P1' }, { id: null }]
  })
  t.match(step.warnings, [
    { code: 'unknown-device', pointer: '/device' }, { code: 'unknown-device', pointer: '/destination/device' },
    { code: 'unknown-container', pointer: '/containers/0' }, { code: 'unknown-container', pointer: '/containers/1' },
    { code: 'unknown-experiment', pointer: '/experiment_id' }
  ])
  t.same(await rows(lab, 'SELECT name, listed, capacity FROM device ORDER BY name'),
    [{ name: 'Arm', listed: false, capacity: 0 }, { name: 'Hotel', listed: true, capacity: 1 }, { name: 'Nowhere', listed: false, capacity: 0 }])
  t.same((await eventKinds(lab)).slice(-3), ['steps-logged', 'device-named', 'device-named'])
})

t.test('a retired device is named with a warning', async (t) => {
  const lab = await aLab(t, { Reader: 1, Washer: 1 })
  const before = await logged(lab)
  await lab.put('/api/lab/config', { sila_servers: { devices: { Washer: { capacity: 1 } } } })
  const after = await logged(lab)
  t.match(after, { device: 'Reader', warnings: [{ code: 'retired-device', pointer: '/device' }] })
  t.same(before.warnings, [])
  t.match(await rows(lab, 'SELECT count(DISTINCT device_id)::int FROM step'), [{ count: 1 }], 'it is the same device')
})

t.test('a container is meant by its id or its barcode, and counts once', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const plate = (await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })).body
  const step = await logged(lab, { device: 'Hotel', containers: ['P1', plate.id.toUpperCase(), 'P1', 'P2', 'P2'] })
  t.match(step.containers, [{ id: plate.id, barcode: 'P1', named: 'P1' }, { id: null, named: 'P2' }])
  t.equal(step.containers.length, 2)
})

t.test('a barcode means the container that bore it then', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const first = (await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })).body
  const [{ now }] = await rows(lab, 'SELECT clock_timestamp() AS now') as [{ now: Date }]
  await lab.delete(`/api/containers/${first.id}`)
  const second = (await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })).body
  const meant = async (start: Date) => (await logged(lab, { device: 'Hotel', start: start.toISOString(), finish: null, containers: ['P1'] })).containers[0].id
  t.equal(await meant(now), first.id, 'reported late')
  t.equal(await meant(new Date(Date.now() + 60_000)), second.id)
  t.equal(await meant(new Date('2020-01-01')), second.id, 'before either: the one on the platform')
  await lab.delete(`/api/containers/${second.id}`)
  t.equal(await meant(new Date(Date.now() + 60_000)), null, 'after both were gone: neither')
})

t.test('a step repeated with its id and facts answers what is there', async (t) => {
  const service = await aService(t)
  const input = aStep({ id: randomUUID(), data: { fct: 'read', wells: [1, 2] }, name: null })
  const first = await service.post('/api/steps', input)
  t.equal(first.status, 201)
  t.same(plainly(await service.post('/api/steps', input)), { status: 200, body: first.body })
  t.same(plainly(await service.post('/api/steps', {
    ...input, id: input.id.toUpperCase(), start: '2026-03-02T10:00:00.000+01:00', status: 'running', kind: 'operation', is_simulation: false, data: { wells: [1, 2], fct: 'read' }
  })), { status: 200, body: first.body }, 'the same facts in other words')
  t.match(await service.post('/api/steps', { ...input, device: 'Other' }), { status: 409, body: { code: 'id-in-use', id: input.id, pointer: '/id' } })
  t.match(await rows(service, 'SELECT revision::int FROM lab'), [{ revision: 1 }], 'repeating writes nothing')
})

t.test('a step reported once per container gathers them', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const plate = (await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })).body
  const input = aStep({ id: randomUUID(), device: 'Hotel' })
  await lab.post('/api/steps', { ...input, containers: ['P1'] })
  t.match(await lab.post('/api/steps', { ...input, containers: ['P2'] }), {
    status: 200,
    body: { containers: [{ named: 'P1' }, { named: 'P2', id: null }], warnings: [{ code: 'unknown-container', pointer: '/containers/1' }], version: 2 }
  })
  const last = await lab.post('/api/steps', { ...input, containers: [plate.id, 'P2', 'P1', 'P3'] })
  t.same(last.body.containers.map(({ named }: { named: string }) => named), ['P1', 'P2', 'P3'], 'one that is there by another name is not added again')
  t.same((await eventKinds(lab)).slice(-3), ['steps-logged', 'steps-logged', 'steps-logged'])
  t.match(await rows(lab, 'SELECT after FROM event ORDER BY revision DESC LIMIT 1'), [{ after: { logged: 0, extended: 1 } }])
})

t.test('reports of one step that come at once are one step', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const input = aStep({ id: randomUUID(), device: 'Hotel' })
  const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => lab.post('/api/steps', { ...input, containers: [`P${index}`] })))
  t.equal(answers.filter(({ status }) => status === 201).length, 1)
  t.equal(answers.filter(({ status }) => status === 200).length, 9)
  t.equal((await lab.get(`/api/steps/${input.id}`)).body.containers.length, 10)
})

t.test('a finished or corrected step still recognises its report', async (t) => {
  const service = await aService(t)
  const input = aStep({ id: randomUUID(), finish: null })
  await service.post('/api/steps', input)
  await service.post(`/api/steps/${input.id}/finish`, { status: 'failed' })
  t.match(await service.post('/api/steps', input), { status: 200, body: { status: 'failed', version: 2 } })
})

t.test('a report repeated after its device was renamed does not bring the old name back', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const input = aStep({ id: randomUUID() })
  await lab.post('/api/steps', input)
  await lab.patch('/api/devices/Reader', { name: 'Reader2' })
  t.match(await lab.post('/api/steps', input), { status: 200, body: { device: 'Reader2' } })
  t.match(await rows(lab, 'SELECT count(*)::int FROM device'), [{ count: 1 }])
})

t.test('a batch is stored in order, in one revision', async (t) => {
  const service = await aService(t)
  const steps = Array.from({ length: 25 }, (_, index) => aStep({ name: `step ${index}`, device: `Device${index % 3}`, containers: [`P${index}`] }))
  const answer = await service.post('/api/steps/batch', { steps })
  t.equal(answer.status, 201)
  t.same(answer.body.items.map(({ name }: { name: string }) => name), steps.map(({ name }) => name))
  t.same(codes(answer.body.items[24]), ['unknown-device', 'unknown-container'])
  t.match(await rows(service, 'SELECT revision::int, ordinal, kind, step_id, device_id IS NULL AS many FROM event ORDER BY ordinal'), [
    { revision: 1, ordinal: 0, kind: 'steps-logged', step_id: null, many: true }, { ordinal: 1, kind: 'device-named' }, { ordinal: 2 }, { ordinal: 3 }
  ])
  t.match(await rows(service, 'SELECT after FROM event WHERE ordinal = 0'),
    [{ after: { logged: 25, extended: 0, first_start: '2026-03-02T09:00:00.000Z', last_finish: '2026-03-02T09:00:10.000Z' } }])
})

t.test('a batch is stored whole or not at all', async (t) => {
  const service = await aService(t)
  const known = await logged(service)
  t.match(await service.post('/api/steps/batch', { steps: [aStep(), aStep({ device: 'New' }), aStep({ id: known.id, device: 'Other' })] }),
    { status: 409, body: { code: 'id-in-use', index: 2, pointer: '/steps/2/id' } })
  t.match(await rows(service, 'SELECT count(*)::int, (SELECT count(*)::int FROM device) AS devices FROM step'), [{ count: 1, devices: 1 }])
})

t.test('a batch may hold steps that were logged before', async (t) => {
  const service = await aService(t)
  const steps = Array.from({ length: 3 }, () => aStep({ id: randomUUID() }))
  await service.post('/api/steps', steps[1])
  t.equal((await service.post('/api/steps/batch', { steps })).status, 201)
  const again = await service.post('/api/steps/batch', { steps })
  t.equal(again.status, 200)
  t.same(again.body.items.map(({ id }: { id: string }) => id), steps.map(({ id }) => id))
  const more = await service.post('/api/steps/batch', { steps: steps.map((step) => ({ ...step, containers: ['P1'] })) })
  t.match(more, { status: 200, body: { items: [{ containers: [{ named: 'P1' }] }, {}, {}] } })
})

t.test('a batch is not empty, not endless, and has no id twice', async (t) => {
  const service = await aService(t)
  const id = randomUUID()
  t.match(await service.post('/api/steps/batch', { steps: [] }), { status: 400 })
  t.match(await service.post('/api/steps/batch', { steps: [aStep({ id }), aStep(), aStep({ id: id.toUpperCase() })] }),
    { status: 400, body: { errors: [{ pointer: '/steps/2/id' }] } })
  const tooMany = Array.from({ length: 5001 }, () => aStep())
  t.match(await service.post('/api/steps/batch', { steps: tooMany }), { status: 400, body: { errors: [{ pointer: '/steps' }] } })
  const { body } = await service.post('/api/steps/batch', { steps: Array.from({ length: 30 }, () => aStep({ status: 'completed', finish: null })) })
  t.equal(body.errors.length, 20, 'faults are told up to a number')
})

t.test('batches of the same steps that come at once agree', async (t) => {
  const service = await aService(t)
  const steps = Array.from({ length: 20 }, () => aStep({ id: randomUUID() }))
  const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => service.post('/api/steps/batch', { steps: index % 2 === 0 ? steps : steps.toReversed() })))
  t.same(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 200, 201])
  t.match(await rows(service, 'SELECT count(*)::int FROM step'), [{ count: 20 }])
})

t.test('logging does not wait for a lid, nor a lid for logging', async (t) => {
  const lab = await aLab(t, { Hotel: 4 })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1', lidded: true })
  await lab.post('/api/steps', aStep({ device: 'Hotel', containers: ['P1'] }))
  const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => index % 3 === 0
    ? lab.post(`/api/containers/P1/${index % 2 === 0 ? 'unlid' : 'lid'}`, index % 2 === 0 ? { lid_device: 'Hotel' } : {})
    : lab.post('/api/steps', aStep({ device: 'Hotel', containers: ['P1'] }))))
  t.same([...new Set(answers.map(({ status }) => status))].sort(), [200, 201])
})

t.test('five thousand steps fit into one request', async (t) => {
  const service = await aService(t)
  const steps = Array.from({ length: 5000 }, (_, index) => aStep({ device: `Device${index % 7}`, data: { fct: 'read', wells: index % 96, lidded: true }, containers: [`P${index % 40}`] }))
  const answer = await service.post('/api/steps/batch', { steps })
  t.equal(answer.status, 201)
  t.equal(answer.body.items.length, 5000)
  t.match(await rows(service, 'SELECT count(*)::int, count(DISTINCT key_1)::int AS keys FROM step'), [{ count: 5000, keys: 672 }])
})

t.test('what the estimates compare is written with the step', async (t) => {
  const service = await aService(t)
  await logged(service, { data: { fct: 'incubate', duration: 8, temperature: 37 } })
  await logged(service, { data: { fct: 'incubate', duration: 8, temperature: 37 }, is_simulation: true })
  const [real, simulated] = await rows(service, 'SELECT * FROM step ORDER BY id')
  t.match(real, { match_version: 1, match_function: 'c:incubate', commanded_seconds: 8, sample_seconds: 2, is_sample: true })
  t.match(simulated, { key_1: real!.key_1, is_sample: false })
})

t.test('reads carry an ETag, and what is not there is not found', async (t) => {
  const service = await aService(t)
  const { id } = await logged(service)
  const { headers: { etag } } = await service.get(`/api/steps/${id}`)
  t.match(etag, /^"1-/)
  t.match(await service.get(`/api/steps/${id}`, { 'if-none-match': etag as string }), { status: 304 })
  for (const path of [`/api/steps/${randomUUID()}`, `/api/steps/${randomUUID()}/history`]) {
    t.match(await service.get(path), { status: 404, body: { code: 'step-not-found', parameter: 'id' } })
  }
  t.match(await service.get('/api/steps/statistic'), { status: 400, body: { errors: [{ in: 'path', parameter: 'id' }] } })
})
