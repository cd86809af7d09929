import { randomUUID } from 'node:crypto'
import t from 'tap'
import { anExperiment, eventKinds, logged, rows } from '../support/log.ts'
import { aLab, aService } from '../support/service.ts'

const codes = (step: { warnings: { code: string }[] }) => step.warnings.map(({ code }) => code)

t.test('a running step is finished now', async (t) => {
  const service = await aService(t)
  const start = new Date(Date.now() - 5000).toISOString()
  const { id } = await logged(service, { start, finish: null, data: { fct: 'read' } })
  const { status, body } = await service.post(`/api/steps/${id}/finish`, {})
  t.match([status, body], [200, { status: 'completed', start, version: 2 }])
  t.ok(body.duration_seconds >= 5 && Date.parse(body.finish as string) <= Date.now(), `${body.duration_seconds} s`)
  t.equal(body.duration_seconds, (Date.parse(body.finish as string) - Date.parse(start)) / 1000)
})

t.test('a step is finished when and how it is said, and its data are merged', async (t) => {
  const service = await aService(t)
  const { id } = await logged(service, { finish: null, data: { fct: 'read', a: { b: 1, c: 2 }, d: 3 } })
  t.match(await service.post(`/api/steps/${id}/finish`, { finish: '2026-03-02T10:00:30+01:00', status: 'failed', data: { a: { b: 2 }, fct: 'scan' } }), {
    status: 200, body: { status: 'failed', finish: '2026-03-02T09:00:30.000Z', duration_seconds: 30, fct: 'scan' }
  })
  t.same((await service.get(`/api/steps/${id}`)).body.data, { fct: 'scan', a: { b: 2 }, d: 3 })
  t.match(await rows(service, 'SELECT match_function, is_sample FROM step'), [{ match_function: 'f:scan', is_sample: false }], 'what the estimates compare follows')
})

t.test('a step with more data than allowed, which an older release accepted, is corrected and finished with its results', async (t) => {
  // The answers are not compared with the document, which says how much data there can be.
  const service = await aService(t, {}, () => {})
  const { id } = await logged(service, { finish: null, data: { fct: 'read' } })
  await service.query("UPDATE step SET data = data || jsonb_build_object('a', (SELECT jsonb_agg(1e308) FROM generate_series(1, 1000))) WHERE id = $1", [id])
  t.match(await service.patch(`/api/steps/${id}`, { is_simulation: true, reason: 'it was one' }), { status: 200, body: { is_simulation: true } })
  t.match(await service.patch(`/api/steps/${id}`, { data: { a: Array.from({ length: 1000 }, () => 1e308) }, reason: 'the data' }), {
    status: 400, body: { errors: [{ pointer: '/data', detail: /larger than 65536 bytes as JSON, in which numbers are written without an exponent/ }] }
  })
  t.match(await service.post(`/api/steps/${id}/finish`, { data: { text: 'x'.repeat(65_000) } }), { status: 400, body: { errors: [{ pointer: '/data', detail: /larger than 65536 bytes/ }] } })
  t.match(await service.post(`/api/steps/${id}/finish`, { data: { wells: 96 } }), { status: 200, body: { status: 'completed', data: { wells: 96 } } })
})

t.test('a finish before the start is clocks that differ: it becomes the start, with a warning', async (t) => {
  const service = await aService(t)
  const ahead = new Date(Date.now() + 3_600_000).toISOString()
  const { id } = await logged(service, { start: ahead, finish: null })
  const { body } = await service.post(`/api/steps/${id}/finish`, {})
  t.match(body, { finish: ahead, duration_seconds: 0 })
  t.ok(codes(body).includes('clock-skew'))
  t.same((await service.get(`/api/steps/${id}`)).body, body, 'the warning is stored')
})

t.test('a step ends once', async (t) => {
  const service = await aService(t)
  const { id, finish } = await logged(service)
  t.match(await service.post(`/api/steps/${id}/finish`, {}), { status: 409, body: { code: 'step-ended', step: { id, status: 'completed', finish } } })
  const aborted = await logged(service, { status: 'aborted', finish: null })
  t.match(await service.post(`/api/steps/${aborted.id}/finish`, {}), { status: 409, body: { code: 'step-ended', step: { status: 'aborted', finish: null } } })
  const running = await logged(service, { finish: null })
  const answers = await Promise.all(Array.from({ length: 6 }, () => service.post(`/api/steps/${running.id}/finish`, {})))
  t.same(answers.map(({ status }) => status).sort(), [200, 409, 409, 409, 409, 409])
})

t.test('the same end told again is answered as before, and changes nothing; another one is refused', async (t) => {
  const service = await aService(t)
  const { id } = await logged(service, { finish: null, data: { fct: 'read', plate: 1 } })
  const ending = { finish: '2026-03-02T10:00:30+01:00', status: 'failed', error: 'The lamp is out.', data: { plate: 2 }, containers: ['P1'] }
  const first = await service.post(`/api/steps/${id}/finish`, ending)
  t.match(first, { status: 200, body: { status: 'failed', version: 2 } })
  const { body: { revision } } = await service.get('/api/lab')
  t.match(await service.post(`/api/steps/${id}/finish`, { ...ending, finish: '2026-03-02T09:00:30Z' }), { status: 200, body: first.body })
  for (const other of [{ ...ending, finish: '2026-03-02T09:00:31Z' }, { ...ending, status: 'completed' }, { ...ending, data: { plate: 3 } }, { ...ending, error: null }]) {
    t.match(await service.post(`/api/steps/${id}/finish`, other), { status: 409, body: { code: 'step-ended', step: { id, status: 'failed' } } }, JSON.stringify(other))
  }
  t.match((await service.get('/api/lab')).body, { revision })
  t.same((await service.get(`/api/steps/${id}`)).body, first.body)
  t.match(await service.post(`/api/steps/${id}/finish`, { ...ending, containers: ['P1', 'P2'] }), { status: 200, body: { status: 'failed', containers: [{ named: 'P1' }, { named: 'P2' }] } }, 'a further container is added, as by POST /api/steps')
  await service.patch(`/api/steps/${id}`, { start: '2026-03-02T08:59:00Z', device: 'Reader', reason: 'The clock was late.' })
  t.match(await service.post(`/api/steps/${id}/finish`, ending), { status: 200, body: { start: '2026-03-02T08:59:00.000Z', device: 'Reader', finish: first.body.finish } }, 'a correction stays')
})

t.test('what cannot end a step is told', async (t) => {
  const service = await aService(t)
  const { id } = await logged(service, { finish: null, data: { text: 'x'.repeat(40_000) } })
  t.match(await service.post(`/api/steps/${id}/finish`, { status: 'running' }), { status: 400, body: { errors: [{ pointer: '/status' }] } })
  t.match(await service.post(`/api/steps/${id}/finish`, { data: { fct: 7 } }), { status: 400, body: { errors: [{ pointer: '/data/fct' }] } })
  t.match(await service.post(`/api/steps/${id}/finish`, { data: { more: 'x'.repeat(40_000) } }), { status: 400, body: { errors: [{ pointer: '/data' }] } })
  t.match(await service.post(`/api/steps/${randomUUID()}/finish`, {}), { status: 404, body: { code: 'step-not-found', parameter: 'id' } })
  t.match((await service.get(`/api/steps/${id}`)).body, { status: 'running', version: 1 })
})

t.test('a correction replaces what it names and keeps the rest', async (t) => {
  const lab = await aLab(t, { Reader: 1, Washer: 1, Hotel: 2 })
  const plate = (await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })).body
  const before = await logged(lab, { data: { fct: 'read', a: 1 }, containers: ['P9'], name: 'n' })
  const { body } = await lab.patch(`/api/steps/${before.id}`, {
    reason: 'wrong reader', start: '2026-03-02T08:59:50Z', is_simulation: true, data: { fct: 'wash', b: 2 }, device: 'Washer', containers: ['P1', plate.id, 'P8']
  })
  t.match(body, {
    start: '2026-03-02T08:59:50.000Z', finish: before.finish, duration_seconds: 20, status: 'completed', name: 'n', device: 'Washer', fct: 'wash', is_simulation: true,
    containers: [{ id: plate.id, named: 'P1' }, { id: null, named: 'P8' }], version: 2
  })
  t.same(body.data, { fct: 'wash', b: 2 })
  t.match(body.warnings, [{ code: 'unknown-container', pointer: '/containers/2' }], 'the warning about P9 is gone')
  t.equal(body.warnings.length, 1)
  t.match(await rows(lab, 'SELECT match_function, is_sample FROM step'), [{ match_function: 'f:wash', is_sample: false }])
})

t.test('a correction keeps the values before, with the reason', async (t) => {
  const service = await aService(t)
  const first = await logged(service, { finish: null })
  const second = (await service.post(`/api/steps/${first.id}/finish`, { finish: '2026-03-02T09:00:20Z' })).body
  const third = (await service.patch(`/api/steps/${first.id}`, { reason: 'the door was open', status: 'failed' })).body
  const { body } = await service.get(`/api/steps/${first.id}/history`)
  t.equal(body.next_cursor, null)
  t.match(body.items, [
    { revision: 2, kind: 'step-finished', reason: null, actor: null, recorded_at: /Z$/ },
    { revision: 3, kind: 'step-corrected', reason: 'the door was open' }
  ])
  t.same(body.items.map(({ before, after }: { before: object, after: object }) => [before, after]), [[first, second], [second, third]])
})

t.test('a history is read page by page', async (t) => {
  const service = await aService(t)
  const { id } = await logged(service)
  t.same((await service.get(`/api/steps/${id}/history?count=true`)).body, { items: [], next_cursor: null, total: 0 })
  for (const status of ['failed', 'aborted', 'completed']) await service.patch(`/api/steps/${id}`, { reason: 'r', status })
  const first = await service.get(`/api/steps/${id}/history?limit=2&count=true`)
  t.match(first.body, { items: [{ after: { status: 'failed' } }, { after: { status: 'aborted' } }], total: 3 })
  t.match((await service.get(`/api/steps/${id}/history?limit=2&cursor=${first.body.next_cursor}`)).body, { items: [{ after: { status: 'completed' } }], next_cursor: null })
  const [mark] = JSON.parse(Buffer.from(first.body.next_cursor as string, 'base64url').toString()) as string[]
  const forged = Buffer.from(JSON.stringify([mark, 'x'])).toString('base64url')
  t.match(await service.get(`/api/steps/${id}/history?cursor=${forged}`), { status: 400, body: { code: 'invalid-cursor' } })
})

t.test('a correction that changes nothing writes nothing', async (t) => {
  const service = await aService(t)
  const step = await logged(service, { data: { fct: 'read', a: 1 }, containers: ['P1', 'P2'] })
  const { body } = await service.patch(`/api/steps/${step.id}`, {
    reason: 'again', start: '2026-03-02T10:00:00+01:00', finish: step.finish, status: 'completed', is_simulation: false, data: { a: 1, fct: 'read' }, device: 'Reader', containers: ['P1', 'P2']
  })
  t.same(body, step)
  t.same(await eventKinds(service), ['steps-logged', 'device-named'])
  t.equal((await service.patch(`/api/steps/${step.id}`, { reason: 'order', containers: ['P2', 'P1'] })).body.version, 2)
})

t.test('a finish given to a running step completes it; taken away, the step runs again', async (t) => {
  const service = await aService(t)
  const { id } = await logged(service, { finish: null })
  t.match((await service.patch(`/api/steps/${id}`, { reason: 'r', finish: '2026-03-02T09:00:20Z' })).body, { status: 'completed', duration_seconds: 20 })
  t.match((await service.patch(`/api/steps/${id}`, { reason: 'r', finish: null, status: 'running' })).body, { status: 'running', finish: null, duration_seconds: null })
  t.match((await service.patch(`/api/steps/${id}`, { reason: 'r', status: 'failed' })).body, { status: 'failed', finish: null })
})

t.test('a corrected time takes the warning about it away', async (t) => {
  const service = await aService(t)
  const step = await logged(service, { status: 'running' })
  t.same(codes(step), ['running-with-finish', 'unknown-device'])
  t.same(codes((await service.patch(`/api/steps/${step.id}`, { reason: 'r', status: 'failed' })).body), ['unknown-device'])
})

t.test('what would contradict itself once corrected is refused, and nothing changes', async (t) => {
  const service = await aService(t)
  const step = await logged(service)
  const running = await logged(service, { finish: null })
  for (const [id, patch, pointer] of [
    [step.id, { finish: '2026-03-02T08:00:00Z' }, '/finish'],
    [step.id, { start: '2026-03-02T10:00:00Z' }, '/start'],
    [step.id, { status: 'running' }, '/status'],
    [step.id, { finish: null }, '/finish'],
    [running.id, { status: 'completed' }, '/status'],
    [step.id, { data: { fct: [] } }, '/data/fct'],
    [step.id, { start: null }, '/start'],
    [step.id, { name: 'n' }, '/name']
  ] as const) {
    t.match(await service.patch(`/api/steps/${id}`, { reason: 'r', ...patch }), { status: 400, body: { code: 'invalid-request', errors: [{ in: 'body', pointer }] } }, JSON.stringify(patch))
  }
  t.match(await service.patch(`/api/steps/${step.id}`, { status: 'failed', start: step.start }), { status: 400, body: { detail: /reason/ } })
  t.match(await service.patch(`/api/steps/${step.id}`, { reason: 'nothing named' }), { status: 400 })
  t.match(await service.patch(`/api/steps/${randomUUID()}`, { reason: 'r', status: 'failed' }), { status: 404, body: { code: 'step-not-found' } })
  t.same((await service.get(`/api/steps/${step.id}`)).body, step)
})

t.test('a correction may name a device that nobody knows', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { id, warnings } = await logged(lab)
  t.same(warnings, [])
  t.match((await lab.patch(`/api/steps/${id}`, { reason: 'r', device: 'Reader9' })).body, { device: 'Reader9', warnings: [{ code: 'unknown-device', pointer: '/device' }] })
  t.same((await eventKinds(lab)).slice(-2), ['step-corrected', 'device-named'])
  t.same((await lab.patch(`/api/steps/${id}`, { reason: 'r', device: 'Reader' })).body.warnings, [])
})

t.test('the events of a step tell its experiment and device, in revisions without gaps', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const experiment = await anExperiment(lab)
  const { id } = await logged(lab, { finish: null, experiment_id: experiment.id })
  await Promise.all([
    lab.post(`/api/steps/${id}/finish`, {}),
    ...Array.from({ length: 5 }, () => logged(lab, { experiment_id: experiment.id }))
  ])
  t.match(await rows(lab, 'SELECT experiment_id, device_id IS NOT NULL AS device FROM event WHERE kind = \'step-finished\''), [{ experiment_id: experiment.id, device: true }])
  t.match(await rows(lab, 'SELECT max(revision)::int AS last, count(DISTINCT revision)::int AS revisions FROM event'), [{ last: 9, revisions: 9 }])
})
