import { randomUUID } from 'node:crypto'
import t from 'tap'
import { anExperiment, aStep, logged } from '../support/log.ts'
import { aLab, aService, type Service } from '../support/service.ts'

const names = async (service: Service, query: string): Promise<string[]> => {
  const { status, body } = await service.get(`/api/steps?${query}`)
  if (status !== 200) throw new Error(JSON.stringify(body))
  return body.items.map(({ name }: { name: string }) => name)
}

/** All names of a list, from all of its pages. */
async function walk (service: Service, query: string, limit: number): Promise<string[]> {
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await service.get(`/api/steps?${query}&limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`)
    seen.push(...body.items.map(({ name }: { name: string }) => name))
    cursor = body.next_cursor as string | null
  }
  return seen
}

t.test('steps are listed by start, or as asked, those without a duration last', async (t) => {
  const service = await aService(t)
  const at = (minute: number, seconds: number | null) => ({
    name: `${minute}`, start: `2026-03-02T09:0${minute}:00.000Z`, finish: seconds === null ? null : new Date(Date.parse(`2026-03-02T09:0${minute}:00Z`) + seconds * 1000).toISOString()
  })
  await service.post('/api/steps/batch', { steps: [at(3, 5), at(1, null), at(2, 9.5), at(5, 5), at(4, null), at(6, 0), at(0, 7)].map((members) => aStep(members)) })
  for (const [sort, order] of [
    ['', ['0', '1', '2', '3', '4', '5', '6']],
    ['sort=start', ['0', '1', '2', '3', '4', '5', '6']],
    ['sort=-start', ['6', '5', '4', '3', '2', '1', '0']],
    ['sort=duration', ['6', '3', '5', '0', '2', '1', '4']],
    ['sort=-duration', ['2', '0', '5', '3', '6', '4', '1']]
  ] as const) {
    t.same(await names(service, sort), order, sort)
    for (const limit of [1, 2, 3, 5, 7]) t.same(await walk(service, sort, limit), order, `${sort} by ${limit}`)
  }
  t.match(await service.get('/api/steps?sort=name'), { status: 400, body: { errors: [{ in: 'query', parameter: 'sort' }] } })
})

t.test('steps of the same start are told apart by their ids, page by page', async (t) => {
  const service = await aService(t)
  await service.post('/api/steps/batch', { steps: Array.from({ length: 12 }, (_, index) => aStep({ name: `${index}` })) })
  for (const sort of ['start', '-start', 'duration', '-duration']) {
    const all = await names(service, `sort=${sort}`)
    t.equal(new Set(all).size, 12)
    t.same(await walk(service, `sort=${sort}`, 5), all, sort)
  }
  t.match((await service.get('/api/steps?limit=5&count=true')).body, { total: 12 })
})

t.test('a page is not disturbed by steps that come later', async (t) => {
  const service = await aService(t)
  for (const minute of [1, 3, 5]) await logged(service, { name: `${minute}`, start: `2026-03-02T08:0${minute}:00Z` })
  const first = await service.get('/api/steps?limit=2')
  await logged(service, { name: '2', start: '2026-03-02T08:02:00Z' })
  t.match((await service.get(`/api/steps?limit=2&cursor=${first.body.next_cursor}`)).body, { items: [{ name: '5' }], next_cursor: null })
})

t.test('cursors of other lists, and forged ones, are refused', async (t) => {
  const service = await aService(t)
  await service.post('/api/steps/batch', { steps: [aStep(), aStep()] })
  for (const sort of ['start', 'duration']) {
    const { body: { next_cursor } } = await service.get(`/api/steps?sort=${sort}&limit=1`)
    t.match(await service.get(`/api/steps?sort=-${sort}&cursor=${next_cursor}`), { status: 400, body: { code: 'invalid-cursor' } })
    const [mark, sortedBy] = JSON.parse(Buffer.from(next_cursor as string, 'base64url').toString()) as unknown[]
    for (const values of [[sortedBy, 'no uuid'], [sortedBy], [{}, randomUUID()], ['soon', randomUUID()]]) {
      const forged = Buffer.from(JSON.stringify([mark, ...values])).toString('base64url')
      t.match(await service.get(`/api/steps?sort=${sort}&cursor=${forged}`), { status: 400, body: { code: 'invalid-cursor', parameter: 'cursor' } })
    }
  }
})

t.test('each filter leaves what it names', async (t) => {
  const lab = await aLab(t, { Reader: 1, Arm: 1, Hotel: 3 })
  const plate = (await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })).body
  const experiment = await anExperiment(lab)
  const unknown = randomUUID()
  const steps = [
    { name: 'read', data: { fct: 'read' }, experiment_id: experiment.id, containers: ['P1', 'P2'], start: '2026-03-02T09:00:00Z' },
    { name: 'simulated', is_simulation: true, start: '2026-03-02T09:01:00Z', data: { fct: 'Read' } },
    { name: 'failed', status: 'failed', start: '2026-03-02T09:02:00Z', containers: [plate.id], experiment_id: unknown.toUpperCase() },
    { name: 'running', finish: null, start: '2026-03-02T09:03:00Z', experiment_id: 'Monday' },
    { name: 'move', kind: 'move', device: 'Arm', origin: { device: 'Hotel', position: 0 }, destination: { device: 'Reader' }, start: '2026-03-02T09:04:00Z' }
  ].map((members) => aStep({ finish: '2026-03-02T09:05:00Z', ...members }))
  await lab.post('/api/steps/batch', { steps })
  for (const [query, found] of [
    ['device=Reader', ['read', 'simulated', 'failed', 'running']],
    ['device=Arm', ['move']],
    ['device=Nowhere', []],
    ['origin_device=Hotel', ['move']],
    ['destination_device=Reader', ['move']],
    ['destination_device=Hotel', []],
    ['fct=read', ['read']],
    ['kind=move', ['move']],
    ['status=failed', ['failed']],
    ['status=running', ['running']],
    ['is_simulation=true', ['simulated']],
    ['is_simulation=false&kind=operation', ['read', 'failed', 'running']],
    [`experiment_id=${experiment.id}`, ['read']],
    [`experiment_id=${experiment.id.toUpperCase()}`, ['read']],
    [`experiment_id=${unknown}`, ['failed']],
    ['experiment_id=Monday', ['running']],
    [`experiment_id=${randomUUID()}`, []],
    [`process_id=${experiment.process_id}`, ['read']],
    [`process_id=${randomUUID()}`, []],
    ['container=P1', ['read', 'failed']],
    [`container=${plate.id}`, ['read', 'failed']],
    ['container=P2', []],
    ['container=P3', []],
    ['started_after=2026-03-02T09:03:00Z', ['running', 'move']], ['started_after=2026-03-03T09:02:00%2B23:59', ['running', 'move']],
    ['started_before=2026-03-02T10:01:00%2B01:00', ['read']],
    ['started_after=2026-03-02T09:01:00Z&started_before=2026-03-02T09:03:00Z&status=failed&device=Reader', ['failed']]
  ] as const) {
    t.same(await names(lab, query), found, query)
    t.equal((await lab.get(`/api/steps?${query}&count=true&sort=-duration`)).body.total, found.length)
  }
})

t.test('a removed container\'s steps are found by its id and, until another container has it, by its barcode', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const plate = (await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })).body
  await logged(lab, { name: 'a', device: 'Hotel', containers: ['P1'] })
  await lab.delete('/api/containers/P1')
  t.same(await names(lab, 'container=P1'), ['a'])
  t.same(await names(lab, `container=${plate.id}`), ['a'])
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  t.same(await names(lab, 'container=P1'), [])
})

t.test('a device\'s steps are found by its name after it was retired, also when the name was given to another', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  await logged(lab, { name: 'old' })
  await lab.delete('/api/devices/Reader')
  t.same(await names(lab, 'device=Reader'), ['old'])
  await lab.post('/api/devices', { name: 'Reader', capacity: 1 })
  await logged(lab, { name: 'new', start: '2026-03-02T09:30:00Z', finish: null })
  t.same(await names(lab, 'device=Reader'), ['old', 'new'])
})

t.test('what is no filter, and what no filter takes, is told', async (t) => {
  const service = await aService(t)
  for (const [query, parameter] of [
    ['devise=Reader', 'devise'], ['kind=jump', 'kind'], ['is_simulation=maybe', 'is_simulation'], ['process_id=7', 'process_id'],
    ['started_after=2026-03-02T09:00:00', 'started_after'], ['limit=501', 'limit'], ['device=', 'device']
  ] as const) t.match(await service.get(`/api/steps?${query}`), { status: 400, body: { errors: [{ in: 'query', parameter }] } }, query)
})

t.test('steps are filtered by a device name that 70,000 retired devices had', async (t) => {
  const service = await aLab(t, { Hotel: 1 })
  await service.query('INSERT INTO device (id, name, "group", capacity, retired_at) SELECT gen_random_uuid(), \'Reader\', \'devices\', 0, now() FROM generate_series(1, 70000)')
  t.match(await service.get('/api/steps?device=Reader'), { status: 200, body: { items: [] } })
})
