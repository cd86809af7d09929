import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { signIn } from '../support/browser-session.ts'
import { rows } from '../support/log.ts'
import { aLog } from '../support/logged.ts'
import { aListener, aStream, atLeast, has, revisionsOf } from '../support/stream.ts'

t.test('a reader that does not read is disconnected, and the others read on', async (t) => {
  const { lines, log } = aLog()
  const { service, stream, revision } = await aListener(t, { log })
  await stream('', {}, { stalled: true })
  const well = await stream()
  const start = await revision()
  // far more than the buffers of both sides of the connection take
  for (let n = 0; n < 200 && !lines.some(({ reason }) => reason === 'slow'); n++) {
    await rows(service, `INSERT INTO event_log (revision, ordinal, recorded_at, kind, became) SELECT revision + 1, 0, now(), 'updated', jsonb_build_object('text', repeat('x', 200000)) FROM lab;
      UPDATE lab SET revision = revision + 1`)
    const told = n + 1
    await well.until(atLeast(told))
  }
  const end = lines.find(({ reason }) => reason === 'slow')
  t.match(end, { msg: 'stream ended', operation_id: 'streamEvents' })
  const last = await revision()
  await well.until(atLeast(last - start))
  t.same(revisionsOf(well.frames), Array.from({ length: last - start }, (_, n) => start + 1 + n))
  const resumed = await stream(`?after=${end!.revision}`)
  await resumed.until(atLeast(last - end!.revision))
  t.equal(revisionsOf(resumed.frames).at(-1), last, 'it reads on from the log when it comes back')
})

t.test('a reader that stops reading while it catches up holds one page, and is disconnected', async (t) => {
  const { lines, log, said } = aLog()
  const { service, address } = await aListener(t, { log, heartbeatMs: 100 })
  await rows(service, `INSERT INTO event_log (revision, ordinal, recorded_at, kind, became)
    SELECT revision + n, 0, now(), 'updated', jsonb_build_object('text', repeat('x', 200000)) FROM lab, generate_series(1, 300) n`)
  await rows(service, 'UPDATE lab SET revision = revision + 300')
  const socket = connect({ port: Number(new URL(address).port), host: '127.0.0.1' })
  socket.pause()
  socket.write('GET /api/events/stream?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  t.match(await said('stream ended'), { reason: 'slow' })
  t.ok(lines.find(({ reason }) => reason === 'slow')!.frames < 150, 'most was never read from the database')
  socket.destroy()
})

t.test('a browser that signs out loses its streams with the next heartbeat, and the key keeps its own', async (t) => {
  const { service, stream } = await aListener(t, { heartbeatMs: 100 })
  const { body: { key } } = await service.post('/api/keys', { name: 'admin', scopes: ['admin'] })
  const { headers, cookie } = await signIn(service, key)
  const page = await stream('', { cookie })
  const program = await stream('', { authorization: `Bearer ${key}` })
  await page.until(has('heartbeat'))
  await service.delete('/api/session', headers)
  await page.ended
  t.match(page.frames.at(-1), { event: 'bye', data: { reason: 'key-ended' } })
  const heard = program.frames.length
  await program.until((frames) => frames.length > heard)
  t.match(program.frames.at(-1), { event: 'heartbeat' })
})

t.test('a key that is revoked loses its streams with the next heartbeat, and so does nobody without a key once there is one', async (t) => {
  const { service, stream } = await aListener(t, { heartbeatMs: 100 })
  const without = await stream()
  const admin = { authorization: `Bearer ${(await service.post('/api/keys', { name: 'admin', scopes: ['admin'] })).body.key}` }
  await without.ended
  t.match(without.frames.at(-1), { event: 'bye', data: { reason: 'key-ended' } })
  const { body: { id, key } } = await service.post('/api/keys', { name: 'screen', scopes: ['read'] }, admin)
  const screen = await stream('', { authorization: `Bearer ${key}` })
  const stays = await stream('', admin)
  await screen.until(has('heartbeat'))
  await service.delete(`/api/keys/${id}`, admin)
  await screen.ended
  t.match(screen.frames.at(-1), { event: 'bye', data: { reason: 'key-ended' } })
  const heard = stays.frames.length
  await stays.until((frames) => frames.length > heard)
  t.match(stays.frames.at(-1), { event: 'heartbeat' })
  t.equal((await stream('', { authorization: `Bearer ${key}` })).status, 401)
  t.equal((await stream()).status, 401)
})

t.test('all streams are judged and told with a few statements, however many they are', async (t) => {
  const { service, stream } = await aListener(t, { env: { DATABASE_POOL_MAX: '3' } })
  const many = await Promise.all(Array.from({ length: 40 }, (_, n) => stream(n % 2 === 0 ? '' : '?kind=added')))
  t.same([...new Set(many.map(({ status }) => status))], [200])
  await Promise.all(many.map(({ until }) => until(has('hello'))))
  let statements = 0
  const { eventLog } = service.app.store
  const { read } = eventLog
  eventLog.read = async (page) => {
    statements += 1
    return await read(page)
  }
  await service.post('/api/containers', { device: 'Hotel' })
  await Promise.all(many.map(({ until }) => until(atLeast(1))))
  t.equal(statements, 1)
  t.equal((await service.get('/api/lab')).status, 200, 'and no stream keeps a place or a connection')
})

t.test('further streams than MAX_STREAMS are refused, until one ends; a HEAD takes no place', async (t) => {
  const { lines, log } = aLog()
  const { stream, service } = await aListener(t, { env: { MAX_STREAMS: '2' }, log })
  const first = await stream()
  await stream()
  const third = await stream()
  t.match(third, { status: 503, headers: { 'retry-after': '5' } })
  t.match(await third.refusal(), { code: 'too-many-streams', limit: 2 })
  t.match(lines.find(({ code }) => code === 'too-many-streams'), { msg: 'request completed', status: 503 })
  t.notOk(lines.some(({ level }) => level === 'error'), 'a limit that is kept is no error of the service')
  first.kill()
  let status = 503
  for (let n = 0; n < 100 && status === 503; n++) {
    await sleep(20)
    status = (await stream()).status
  }
  t.equal(status, 200)
  const none = await aListener(t, { env: { MAX_STREAMS: '1' }, url: service.url })
  for (let n = 0; n < 3; n++) {
    const head = await none.stream('', {}, { method: 'HEAD' })
    t.match(head, { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' } })
    await head.ended
    t.same(head.frames, [])
    t.equal((await none.stream('?device=Attic')).status, 404)
  }
  t.equal((await none.stream()).status, 200)
})

t.test('a stop says goodbye and does not wait for readers, also those that do not read', async (t) => {
  const { service, stream, address } = await aListener(t)
  const open = await Promise.all(Array.from({ length: 10 }, () => stream()))
  await stream('', {}, { stalled: true })
  await Promise.all(open.map(({ until }) => until(has('hello'))))
  const begin = performance.now()
  await service.app.close()
  t.ok(performance.now() - begin < 1000, 'close() takes less than a second')
  for (const { ended, frames, retries } of open) {
    await ended
    t.match(frames.at(-1), { event: 'bye', id: frames[0]!.id, data: { reason: 'shutdown' } })
    t.ok(retries.at(-1)! >= 1000 && retries.at(-1)! <= 3000)
  }
  await t.rejects(aStream(`${address}/api/events/stream`), { code: 'ECONNREFUSED' })
})

t.test('a stream is logged when it opens and when it ends, and never as an aborted request', async (t) => {
  const { lines, log, said } = aLog()
  const { stream, service } = await aListener(t, { log })
  lines.length = 0
  const { until, kill } = await stream('?after=0', { 'x-request-id': 'my-stream' })
  await until(atLeast(1))
  kill()
  await said('stream ended')
  t.match(lines, [
    { msg: 'stream opened', request_id: 'my-stream', operation_id: 'streamEvents', revision: 0 },
    { msg: 'stream ended', request_id: 'my-stream', operation_id: 'streamEvents', url: '/api/events/stream?after=0', duration_ms: Number, reason: 'closed', revision: 1, frames: 1 }
  ])
  lines.length = 0
  await stream()
  await service.app.close()
  t.match(lines.filter(({ operation_id }) => operation_id !== undefined), [{ msg: 'stream opened' }, { msg: 'stream ended', reason: 'shutdown', status: 200 }])
})

t.test('a database that is away for a while is no end: no heartbeat says that all is well, and nothing is missed', async (t) => {
  const { service, stream, revision } = await aListener(t, { heartbeatMs: 50 })
  const { frames, until } = await stream()
  await until(has('heartbeat'))
  const { eventLog } = service.app.store
  const { head } = eventLog
  let failed = 0
  eventLog.head = async () => {
    failed += 1
    throw new Error('the database is away')
  }
  for (; failed < 3;) await sleep(20)
  const heard = frames.length
  await service.post('/api/containers', { device: 'Hotel' })
  for (; failed < 5;) await sleep(20)
  t.equal(frames.length, heard)
  eventLog.head = head
  await until(atLeast(1))
  t.same(revisionsOf(frames), [await revision()])
})
