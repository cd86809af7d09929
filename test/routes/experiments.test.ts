import { randomUUID } from 'node:crypto'
import t from 'tap'
import { allowedAfter, experimentStatuses } from '../../src/domain/experiment-status.ts'
import { anExperiment, aStep, eventKinds, logged, rows } from '../support/log.ts'
import { aService } from '../support/service.ts'

t.test('an experiment is a run of a process', async (t) => {
  const service = await aService(t)
  const process = (await service.post('/api/processes', { name: 'Screening', source: 'pass' })).body
  const created = await service.post('/api/experiments', { process_id: process.id, name: 'Monday', metadata: { plates: 4 } })
  t.match(created, {
    status: 201,
    headers: { location: `/api/experiments/${created.body.id}` },
    body: {
      process_id: process.id, process: { id: process.id, name: 'Screening' }, name: 'Monday', status: 'created', metadata: { plates: 4 },
      steps: { total: 0, completed: 0, failed: 0, aborted: 0, running: 0 }, first_start: null, last_finish: null, duration_seconds: null, version: 1
    }
  })
  t.same((await service.get(`/api/experiments/${created.body.id}`)).body, created.body)
  t.match(await rows(service, 'SELECT kind, before, after->>\'status\' AS status, experiment_id FROM event'),
    [{ kind: 'experiment-created', before: null, status: 'created', experiment_id: created.body.id }])
})

t.test('a create repeated with its id answers what is there', async (t) => {
  const service = await aService(t)
  const { process_id } = await anExperiment(service)
  const input = { id: randomUUID(), process_id, name: 'A' }
  const created = await service.post('/api/experiments', input)
  t.equal(created.status, 201)
  const repeated = await service.post('/api/experiments', { ...input, metadata: null })
  t.same([repeated.status, repeated.body], [200, created.body])
  t.match(await service.post('/api/experiments', { ...input, name: 'B' }), { status: 409, body: { code: 'id-in-use', id: input.id, pointer: '/id' } })
  t.same(await eventKinds(service), ['experiment-created', 'experiment-created'])
})

t.test('an unknown process is not found', async (t) => {
  const service = await aService(t)
  const process_id = randomUUID()
  t.match(await service.post('/api/experiments', { process_id }), { status: 404, body: { code: 'process-not-found', pointer: '/process_id', process_id } })
  t.match(await rows(service, 'SELECT revision::int FROM lab'), [{ revision: 0 }])
})

t.test('an experiment goes only where it can, and the status it has is no change', async (t) => {
  const service = await aService(t)
  for (const from of experimentStatuses) {
    for (const to of experimentStatuses) {
      const { id } = await anExperiment(service)
      if (from !== 'created') await service.patch(`/api/experiments/${id}`, { status: 'running' })
      if (from !== 'created' && from !== 'running') await service.patch(`/api/experiments/${id}`, { status: from })
      const before = (await service.get(`/api/experiments/${id}`)).body
      const answer = await service.patch(`/api/experiments/${id}`, { status: to })
      if (from === to) t.same([answer.status, answer.body], [200, before], `${from} again`)
      else if (allowedAfter(from).includes(to)) t.match(answer, { status: 200, body: { status: to, version: Number(before.version) + 1 } }, `${from} to ${to}`)
      else t.match(answer, { status: 409, body: { code: 'illegal-transition', status: 409, allowed: allowedAfter(from), pointer: '/status', from, to } }, `${from} not to ${to}`)
    }
  }
})

t.test('the ways are created, running, then completed or aborted; or aborted at once; running and paused follow each other, and both can be lost', async (t) => {
  t.same(Object.fromEntries(experimentStatuses.map((status) => [status, allowedAfter(status)])),
    {
      created: ['running', 'aborted'], running: ['paused', 'completed', 'aborted', 'lost'], paused: ['running', 'completed', 'aborted', 'lost'],
      lost: ['running', 'completed', 'aborted'], completed: [], aborted: []
    })
})

t.test('name and metadata are edited, null clears, metadata is replaced as a whole', async (t) => {
  const service = await aService(t)
  const { id } = await anExperiment(service, { name: 'A', metadata: { a: 1, b: 2 } })
  t.match((await service.patch(`/api/experiments/${id}`, { metadata: { a: 1 } })).body, { name: 'A', metadata: { a: 1 }, version: 2 })
  t.same((await service.get(`/api/experiments/${id}`)).body.metadata, { a: 1 })
  t.match((await service.patch(`/api/experiments/${id}`, { name: null, metadata: null })).body, { name: null, metadata: null, version: 3 })
  t.match((await service.patch(`/api/experiments/${id}`, { name: null })).body, { version: 3 }, 'what changes nothing is no version')
  t.match(await rows(service, 'SELECT before->>\'version\' AS before, after->>\'version\' AS after, recorded_at IS NOT NULL AS at FROM event WHERE kind = \'experiment-updated\' ORDER BY revision'),
    [{ before: '1', after: '2', at: true }, { before: '2', after: '3' }])
  t.match(await service.patch(`/api/experiments/${id}`, {}), { status: 400 })
  t.match(await service.patch(`/api/experiments/${randomUUID()}`, { name: 'B' }), { status: 404, body: { code: 'experiment-not-found', parameter: 'id' } })
})

t.test('the first step sets an experiment running, once', async (t) => {
  const service = await aService(t)
  const { id } = await anExperiment(service)
  await logged(service, { experiment_id: id })
  t.match((await service.get(`/api/experiments/${id}`)).body, { status: 'running', version: 2 })
  await logged(service, { experiment_id: id })
  t.match((await service.get(`/api/experiments/${id}`)).body, { status: 'running', version: 2, steps: { total: 2 } })
  t.same(await eventKinds(service), ['experiment-created', 'steps-logged', 'device-named', 'experiment-updated', 'steps-logged'])
  t.match(await rows(service, 'SELECT before->>\'status\' AS before, after->>\'status\' AS after FROM event WHERE kind = \'experiment-updated\''),
    [{ before: 'created', after: 'running' }])
})

t.test('a step of an experiment that is over is stored with a warning', async (t) => {
  const service = await aService(t)
  const { id } = await anExperiment(service)
  await service.patch(`/api/experiments/${id}`, { status: 'aborted' })
  const step = await logged(service, { experiment_id: id })
  t.match(step.warnings.find(({ code }: { code: string }) => code === 'experiment-ended'), { pointer: '/experiment_id' })
  t.match((await service.get(`/api/experiments/${id}`)).body, { status: 'aborted', steps: { total: 1 } })
})

t.test('an experiment counts its steps and spans them', async (t) => {
  const service = await aService(t)
  const { id } = await anExperiment(service)
  await service.post('/api/steps/batch', {
    steps: [
      aStep({ experiment_id: id, start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:00:10Z' }),
      aStep({ experiment_id: id, start: '2026-03-02T09:00:20Z', finish: '2026-03-02T09:01:30.5Z', status: 'failed' }),
      aStep({ experiment_id: id, start: '2026-03-02T09:00:30Z', finish: '2026-03-02T09:00:40Z', status: 'aborted' }),
      aStep({ experiment_id: id, start: '2026-03-02T09:02:00Z', finish: null })
    ]
  })
  t.match((await service.get(`/api/experiments/${id}`)).body, {
    steps: { total: 4, completed: 1, failed: 1, aborted: 1, running: 1 },
    first_start: '2026-03-02T09:00:00.000Z', last_finish: '2026-03-02T09:01:30.500Z', duration_seconds: 90.5
  })
})

t.test('steps that named an experiment before it was known become its steps', async (t) => {
  const service = await aService(t)
  const id = randomUUID()
  const step = await logged(service, { experiment_id: id.toUpperCase(), device: 'Reader', containers: ['P1'] })
  t.match(step, { experiment_id: null, experiment_named: id })
  t.match(await anExperiment(service, { id }), { status: 'running', steps: { total: 1 }, version: 1 })
  const adopted = (await service.get(`/api/steps/${step.id}`)).body
  t.match(adopted, { experiment_id: id, experiment_named: null, version: 2 })
  t.same(adopted.warnings.map(({ code }: { code: string }) => code), ['unknown-device', 'unknown-container'], 'the warning about the experiment is gone')
})

t.test('no step is lost between logging it and creating its experiment', async (t) => {
  const service = await aService(t)
  const { process_id } = await anExperiment(service)
  await logged(service)
  await Promise.all(Array.from({ length: 15 }, async () => {
    const id = randomUUID()
    await Promise.all([
      ...Array.from({ length: 3 }, () => service.post('/api/steps', aStep({ experiment_id: id }))),
      service.post('/api/experiments', { id, process_id })
    ])
    t.match((await service.get(`/api/experiments/${id}`)).body, { status: 'running', steps: { total: 3 } })
  }))
  t.match(await rows(service, 'SELECT count(*)::int, count(DISTINCT revision)::int AS revisions, max(revision)::int AS last FROM event WHERE ordinal = 0'), [{ count: 62, revisions: 62, last: 62 }])
})

t.test('lists are filtered by process, status and the start of the first step, and paged', async (t) => {
  const service = await aService(t)
  const [early, late, none] = [await anExperiment(service, { name: 'early' }), await anExperiment(service, { name: 'late' }), await anExperiment(service, { name: 'none' })]
  await logged(service, { experiment_id: early.id, start: '2026-03-01T00:00:00Z' })
  await logged(service, { experiment_id: late.id, start: '2026-03-02T00:00:00Z' })
  const names = async (query: string) => (await service.get(`/api/experiments?${query}`)).body.items.map(({ name }: { name: string }) => name)
  t.same(await names(''), ['early', 'late', 'none'])
  t.same(await names(`process_id=${none.process_id}`), ['none'])
  t.same(await names('status=running'), ['early', 'late'])
  t.same(await names('started_after=2026-03-02T00:00:00Z'), ['late'], 'inclusive')
  t.same(await names('started_after=2026-03-02T23:59:00%2B23:59'), ['late'], 'offsets wider than those of PostgreSQL, too')
  t.same(await names('started_before=2026-03-02T00:00:00Z'), ['early'], 'exclusive')
  t.same(await names('started_after=2026-03-01T01:00:00%2B01:00&started_before=2026-03-03T00:00:00Z'), ['early', 'late'])
  const first = await service.get('/api/experiments?limit=1&count=true&status=running')
  t.match(first.body, { items: [{ name: 'early' }], total: 2 })
  t.match((await service.get(`/api/experiments?limit=1&status=running&cursor=${first.body.next_cursor}`)).body, { items: [{ name: 'late' }], next_cursor: null })
})

t.test('the steps of an experiment are listed as by the filter', async (t) => {
  const service = await aService(t)
  const { id } = await anExperiment(service)
  const step = await logged(service, { experiment_id: id, data: { fct: 'read' } })
  await logged(service, { experiment_id: id, data: { fct: 'wash' } })
  await logged(service, { data: { fct: 'read' } })
  t.same((await service.get(`/api/experiments/${id}/steps`)).body, (await service.get(`/api/steps?experiment_id=${id}`)).body)
  t.match((await service.get(`/api/experiments/${id}/steps?fct=read`)).body.items, [{ id: step.id }])
  const first = await service.get(`/api/experiments/${id}/steps?limit=1&sort=-duration`)
  t.equal((await service.get(`/api/experiments/${id}/steps?limit=1&sort=-duration&cursor=${first.body.next_cursor}`)).body.items.length, 1)
  t.match(await service.get(`/api/experiments/${randomUUID()}/steps`), { status: 404, body: { code: 'experiment-not-found', parameter: 'id' } })
  t.match(await service.get(`/api/experiments/${id}/steps?experiment_id=${id}`), { status: 400 })
})

t.test('an experiment carries an ETag, and what is not there is not found', async (t) => {
  const service = await aService(t)
  const { id } = await anExperiment(service)
  const { headers: { etag } } = await service.get(`/api/experiments/${id}`)
  t.match(await service.get(`/api/experiments/${id}`, { 'if-none-match': etag as string }), { status: 304 })
  await logged(service, { experiment_id: id })
  t.match(await service.get(`/api/experiments/${id}`, { 'if-none-match': etag as string }), { status: 200 })
  t.match(await service.get(`/api/experiments/${randomUUID()}`), { status: 404, body: { code: 'experiment-not-found', parameter: 'id' } })
})
