import t from 'tap'
import { rows } from '../support/log.ts'
import { aLab } from '../support/service.ts'

const kind = (event: { kind: string }) => event.kind
const kinds = (items: { kind: string }[]) => items.map(({ kind }) => kind)

t.test('the log has who did what, with the thing before and after', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1 })
  const { body: { id } } = await service.post('/api/containers', { device: 'Hotel', barcode: 'P1', lidded: true })
  const { body: { revision } } = await service.get('/api/lab')
  await service.post('/api/containers/P1/move', { target_device: 'Washer' }, { 'x-request-id': 'the-move' })
  const { body } = await service.get(`/api/events?after=${revision}`)
  t.match(body, { next_cursor: null, items: [{
    revision: revision + 1, kind: 'moved', actor: null, reason: null, request_id: 'the-move', container_id: id, device_id: null, step_id: null, experiment_id: null,
    before: { device: 'Hotel', position: 0 }, after: { device: 'Washer', position: 0 }
  }] })
})

t.test('it is read by container, device, kind, step and experiment', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1, Reader: 1 })
  const { body: { id } } = await service.post('/api/containers', { device: 'Hotel', lidded: true })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P2' })
  await service.patch(`/api/containers/${id}`, { barcode: 'P1' })
  await service.post('/api/containers/P1/unlid', { lid_device: 'Washer' })
  await service.post('/api/containers/P1/move', { target_device: 'Reader' })
  await service.post('/api/containers/P1/lid', {})
  await service.delete('/api/containers/P1')
  const { body: process } = await service.post('/api/processes', { name: 'p', source: 's' })
  const { body: experiment } = await service.post('/api/experiments', { process_id: process.id })
  const { body: step } = await service.post('/api/steps', { device: 'Reader', start: '2026-03-02T09:00:00Z', experiment_id: experiment.id })
  await service.post(`/api/steps/${step.id}/finish`, {})
  const read = async (filter: string) => kinds((await service.get(`/api/events?${filter}`)).body.items)

  t.strictSame(await read(`container=${id}`), ['added', 'barcode-set', 'unlidded', 'moved', 'lidded', 'removed'])
  t.strictSame(await read('container=P1'), await read(`container=${id}`), 'by its barcode from before it had it, and after it was removed')
  t.strictSame(await read('container=nobody'), [])
  t.strictSame(await read('device=Washer'), ['device-added', 'unlidded', 'moved', 'lidded'], 'a lid came, and left')
  t.strictSame((await read('device=Hotel')).slice(1), ['added', 'added', 'barcode-set', 'unlidded', 'moved'], 'what was there and left')
  t.strictSame(await read('device=Attic'), [])
  t.strictSame(await read('kind=moved&device=Reader'), ['moved'])
  t.strictSame(await read(`step=${step.id}`), ['steps-logged', 'step-finished'])
  t.strictSame(await read(`experiment=${experiment.id}`), ['experiment-created', 'steps-logged', 'experiment-updated', 'step-finished'])
})

t.test('it is read by the time of a change, by who made it, and by both with every other filter', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1 })
  const key = async (name: string) => (await service.post('/api/keys', { name, scopes: ['admin'] }, headers)).body.key as string
  let headers: Record<string, string> = {}
  headers = { authorization: `Bearer ${await key('night shift')}` }
  const other = { authorization: `Bearer ${await key('day shift')}` }
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' }, headers)
  await service.post('/api/containers/P1/move', { target_device: 'Washer' }, other)
  await service.post('/api/containers/P1/move', { target_device: 'Hotel' }, headers)
  // each revision is a second after the one before
  await rows(service, "UPDATE event SET recorded_at = '2026-03-02T09:00:00Z'::timestamptz + revision * interval '1 second'")
  const all = (await service.get('/api/events', headers)).body.items as { revision: number, recorded_at: string, actor: string | null, kind: string }[]
  const read = async (filter: string) => {
    const { status, body } = await service.get(`/api/events?count=true&${filter}`, headers)
    t.equal(status, 200, filter)
    t.equal(body.total, body.items.length, filter)
    return body.items
  }
  const times = [...new Set(all.map(({ recorded_at }) => recorded_at)), '2026-03-02T08:00:00.000Z', '2026-03-02T10:00:00.000Z', '2026-03-02T09:00:01.500Z']
  for (const after of times) {
    for (const before of times) {
      if (before < after) continue
      const within = all.filter(({ recorded_at }) => recorded_at >= after && recorded_at < before)
      t.same(await read(`recorded_after=${after}&recorded_before=${before}`), within, `${after} to ${before}`)
    }
    t.same(await read(`recorded_after=${after}&actor=night%20shift&kind=moved`), all.filter(({ recorded_at, actor, kind }) => recorded_at >= after && actor === 'night shift' && kind === 'moved'))
    t.same(await read(`recorded_before=${after}&container=P1&sort=-revision`), all.filter((event: any) => event.recorded_at < after && event.container_id !== null).reverse())
  }
  t.same((await read('actor=day%20shift')).map(kind), ['moved'])
  t.same(await read('actor=nobody'), [])
  for (const [query, parameter] of [['recorded_after=2026-03-02', 'recorded_after'], ['recorded_before=2026-03-02T09:00:00', 'recorded_before'], ['actor=', 'actor']] as const) {
    t.match(await service.get(`/api/events?${query}`, headers), { status: 400, body: { errors: [{ parameter }] } }, query)
  }
})

t.test('pages go through all of it once, in both directions', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  for (let n = 0; n < 4; n++) await service.post('/api/containers', { device: 'Hotel' })
  await service.delete('/api/lab?confirm=wipe')
  for (const sort of ['revision', '-revision']) {
    const { body: all } = await service.get(`/api/events?sort=${sort}&count=true`)
    const seen = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await service.get(`/api/events?sort=${sort}&limit=2${cursor && `&cursor=${cursor}`}`)
      seen.push(...body.items)
      cursor = body.next_cursor
    }
    t.strictSame(seen, all.items, sort)
    t.equal(all.total, seen.length)
  }
  t.match(await service.get('/api/events?sort=-revision&cursor=WyJ4Il0'), { status: 400, body: { code: 'invalid-cursor' } })
  for (const query of ['after=-1', 'after=x', 'step=1', 'sort=kind', 'kind=']) t.equal((await service.get(`/api/events?${query}`)).status, 400, query)
})
