import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { eventKinds } from '../../src/contract/events.ts'
import { anExperiment, logged, rows } from '../support/log.ts'
import { aListener, atLeast, revisionsOf } from '../support/stream.ts'

t.test('a stream says hello, and then tells each command as one frame with its events as the list has them', async (t) => {
  const { service, stream, revision } = await aListener(t)
  const before = await revision()
  const { status, headers, frames, retries, until } = await stream()
  t.equal(status, 200)
  t.match(headers, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no', 'x-request-id': String, 'x-content-type-options': 'nosniff' })
  t.notOk(headers['content-encoding'])
  await service.post('/api/containers/batch', { containers: [{ device: 'Hotel', barcode: 'P1' }, { device: 'Hotel', barcode: 'P2' }] }, { 'x-request-id': 'two-plates' })
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  await until(atLeast(2))
  t.match(frames, [
    { event: 'hello', id: String(before), data: { revision: before, now: /Z$/, log_id: /-/, version: /^\d/ } },
    { event: 'revision', id: String(before + 1), data: { revision: before + 1, actor: null, request_id: 'two-plates' } },
    { event: 'revision', id: String(before + 2), data: { revision: before + 2 } }
  ])
  const { body } = await service.get(`/api/events?after=${before}`)
  t.strictSame(frames.slice(1).flatMap(({ data }) => data.events), body.items)
  t.strictSame(frames.slice(1).map(({ data }) => data.recorded_at), [body.items[0].recorded_at, body.items[2].recorded_at])
  t.same(retries, [2000])
})

t.test('what is malformed or unknown is refused by its name', async (t) => {
  const { stream, service } = await aListener(t)
  for (const id of ['x', '-1', '1.5', '', '9007199254740992', '99999999999999999999', '1, 2']) {
    const { status, refusal } = await stream('', { 'last-event-id': id })
    t.equal(status, 400, id)
    t.match(await refusal(), { code: 'invalid-request', errors: [{ in: 'headers', parameter: 'Last-Event-ID' }] }, id)
  }
  for (const [query, parameter] of [['after=-1', 'after'], ['after=x', 'after'], ['after=', 'after'], ['experiment=1', 'experiment'], ['kind=mooved', 'kind'], ['kind=', 'kind'], ['device=', 'device'], ['since=1', 'since']] as const) {
    t.match(await (await stream(`?${query}`)).refusal(), { status: 400, errors: [{ parameter }] }, query)
  }
  for (const [query, code, parameter] of [
    ['device=Attic', 'device-not-found', 'device'], ['container=nobody', 'container-not-found', 'container'], [`container=${randomUUID()}`, 'container-not-found', 'container'],
    [`experiment=${randomUUID()}`, 'experiment-not-found', 'experiment']
  ] as const) {
    t.match(await (await stream(`?${query}`)).refusal(), { status: 404, code, parameter }, query)
    t.match(await service.get(`/api/events/stream?${query}`), { status: 404, body: { code, parameter } })
  }
})

t.test('every number that a refusal names as allowed is allowed: a reader far ahead of the log is reset', async (t) => {
  const { stream, service } = await aListener(t)
  const largest = Number.MAX_SAFE_INTEGER
  for (const opened of [await stream(`?after=${largest}`), await stream('', { 'last-event-id': String(largest) })]) {
    t.match(await opened.until((frames) => frames.length >= 2), [{ event: 'hello', id: String(largest) }, { event: 'reset', data: { revision: 1 } }])
  }
  t.match(await service.get(`/api/events?after=${largest}`), { status: 200, body: { items: [] } })
  t.match(await service.get(`/api/lab?min_revision=${largest}`), { status: 503, body: { code: 'not-yet-replicated' } })
  t.match(await service.get('/api/events?after=9007199254740992'), { status: 400, body: { errors: [{ parameter: 'after', detail: /at most 9007199254740991/ }] } })
})

t.test('a filter lets a whole revision through if one of its events fits, and heartbeats move on the resume point of those who hear nothing', async (t) => {
  const { service, stream, revision } = await aListener(t, { heartbeatMs: 100 })
  const start = await revision()
  const experiment = await anExperiment(service)
  const { body: { id } } = await service.post('/api/containers', { device: 'Hotel', position: 0 })
  await service.post('/api/containers/batch', { containers: [{ device: 'Hotel', barcode: 'P1' }, { device: 'Washer', barcode: 'P2' }] })
  await service.patch(`/api/containers/${id}`, { barcode: 'P3' })
  await service.post('/api/containers/P3/move', { target_device: 'Washer' })
  await logged(service, { device: 'Washer', experiment_id: experiment.id })
  await service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 9 })
  const end = await revision()
  const { body: { items } } = await service.get(`/api/events?after=${start}`)
  for (const filter of [`container=${id}`, 'container=P3', 'container=P1', 'device=Washer', 'device=Washer&kind=moved', 'device=Hotel&container=P3', 'kind=steps-logged', `experiment=${experiment.id}`, 'kind=lab-wiped']) {
    const { body } = await service.get(`/api/events?after=${start}&${filter}`)
    const fitting = [...new Set(body.items.map((event: any) => event.revision))]
    const { frames, until, kill } = await stream(`?after=${start}&${filter}`)
    await until((all) => all.some((frame) => frame.event === 'heartbeat' && frame.id === String(end)))
    t.same(revisionsOf(frames), fitting, filter)
    const told = frames.filter(({ event }) => event === 'revision').flatMap(({ data }) => data.events)
    t.strictSame(told, items.filter((event: any) => fitting.includes(event.revision)), `${filter}: all events of each revision`)
    t.equal(frames.find(({ event }) => event === 'heartbeat')!.data.revision, end)
    kill()
  }
})

t.test('steps of several devices that are told at once are heard by each of these devices', async (t) => {
  const { service, stream, revision } = await aListener(t)
  const start = await revision()
  const step = { start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:01:00Z' }
  await service.post('/api/steps/batch', { steps: [{ ...step, device: 'Hotel' }, { ...step, device: 'Washer' }, { ...step, device: 'New' }] })
  for (const device of ['Hotel', 'Washer', 'New']) {
    t.match((await service.get(`/api/events?after=${start}&device=${device}&kind=steps-logged`)).body.items, [{ device_id: null, after: { logged: 3 } }], device)
    const { frames, until } = await stream(`?after=${start}&device=${device}`)
    await until((all) => all.some(({ event }) => event === 'revision'))
    t.same(revisionsOf(frames), [start + 1], device)
  }
})

t.test('a filter by barcode follows the container when its label changes while the stream is open, as the list does', async (t) => {
  const { service, stream, revision } = await aListener(t)
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  const start = await revision()
  const { frames, until } = await stream('?container=P1')
  const other = await stream('?device=Washer')
  await service.patch('/api/containers/P1', { barcode: 'P2' })
  await service.patch('/api/devices/Washer', { name: 'Dishwasher' })
  await service.post('/api/containers/P2/move', { target_device: 'Dishwasher' })
  await until(atLeast(2))
  t.same(revisionsOf(frames), [start + 1, start + 3])
  await other.until(atLeast(2))
  t.same(revisionsOf(other.frames), [start + 2, start + 3], 'and a renamed device stays the same device')
})

t.test('a revision with more than 200 events, or with too much in them, is told by their number', async (t) => {
  const { service, stream, revision } = await aListener(t)
  const before = await revision()
  const { frames, until } = await stream()
  const filtered = await stream('?kind=added')
  const others = await stream('?kind=moved')
  await service.post('/api/containers/batch', { containers: Array.from({ length: 200 }, () => ({ device: 'Hotel' })) })
  await service.post('/api/containers/batch', { containers: Array.from({ length: 201 }, () => ({ device: 'Hotel' })) })
  await rows(service, 'INSERT INTO event_log (revision, ordinal, recorded_at, kind, became) SELECT revision + 1, 0, now(), \'added\', jsonb_build_object(\'text\', repeat(\'x\', 300000)) FROM lab')
  await rows(service, 'UPDATE lab SET revision = revision + 1')
  await until(atLeast(3))
  t.match(frames.slice(1).map(({ data }) => [data.revision, data.events?.length ?? null, data.count ?? null]), [[before + 1, 200, null], [before + 2, null, 201], [before + 3, null, 1]])
  await filtered.until(atLeast(3))
  t.same(revisionsOf(filtered.frames), revisionsOf(frames))
  t.same(revisionsOf(others.frames), [])
})

t.test('it works without authentication, and on a database that accepts no writes', async (t) => {
  const { service } = await aListener(t)
  await service.post('/api/keys', { name: 'admin', scopes: ['admin'] })
  await rows(service, `ALTER DATABASE "${new URL(service.url).pathname.slice(1)}" SET default_transaction_read_only = on`)
  const reading = await aListener(t, { url: service.url, env: { AUTH: 'off' }, heartbeatMs: 100 })
  const { frames, until } = await reading.stream('?after=0')
  await until((all) => all.filter(({ event }) => event === 'heartbeat').length >= 2)
  t.same(revisionsOf(frames), [1])
})

t.test('the kinds by which one can filter are the kinds that the service writes', async (t) => {
  const { readFileSync } = await import('node:fs')
  const page = readFileSync(join(import.meta.dirname.replace(/\/dist.*$/, ''), 'docs', 'where-a-change-goes.md'), 'utf8')
  const table = page.slice(page.indexOf('| about | kinds |'), page.indexOf('1. Write it in the command'))
  const documented = table.split('\n').slice(2).flatMap((line) => [...(line.split('|')[2] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, kind]) => kind!))
  t.same([...documented].sort(), [...eventKinds].sort())
})
