import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { logged, rows } from '../support/log.ts'
import { aServiceOn } from '../support/service.ts'
import { aStandby } from '../support/standby.ts'
import { aListener, atLeast, revisionsOf } from '../support/stream.ts'

t.test('an instance on a streaming standby reads, refuses writes, and waits for the revision that a read names', async (t) => {
  const { primary, standby } = await aStandby(t)
  const writer = await aServiceOn(t, primary)
  await writer.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 9 }, Washer: { capacity: 3 } } } })
  await writer.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  for (let n = 0; n < 12; n++) await logged(writer, { device: 'Washer', data: { fct: 'wash' }, start: '2026-03-02T09:00:00Z', finish: `2026-03-02T09:00:${30 + n}Z` })
  const reader = await aListener(t, { url: standby, minRevisionWaitMs: 5000 })
  const impatient = await aServiceOn(t, standby, {}, undefined, { minRevisionWaitMs: 100 })
  t.same(await rows(reader.service, 'SELECT pg_is_in_recovery() AS standby'), [{ standby: true }])
  const newest = Number((await writer.get('/api/lab')).body.revision)

  t.match(await reader.service.get(`/api/containers/P1?min_revision=${newest}`), { status: 200, body: { device: 'Hotel' } }, 'it reads')
  t.match(await reader.service.get('/api/lab/health'), { status: 200 })
  t.match(await reader.service.get('/health/ready'), { status: 200 })
  const question = { step: { device: 'Washer', data: { fct: 'wash' } } }
  const answer = await reader.service.post('/api/estimates', question)
  t.equal(answer.status, 200)
  t.same(answer.body, (await writer.post('/api/estimates', question)).body, 'it estimates as the primary does')

  for (const refused of [
    await reader.service.post('/api/containers/P1/move', { target_device: 'Washer' }), await reader.service.post('/api/containers', { device: 'Hotel' }),
    await reader.service.post('/api/steps', { device: 'Washer', start: '2026-03-02T09:00:00Z' }), await reader.service.put('/api/lab/config', { sila_servers: {} }),
    await reader.service.post('/api/containers/P1/move', { target_device: 'Washer' }, { 'idempotency-key': 'once' })
  ]) t.match(refused, { status: 503, headers: { 'retry-after': /^\d+$/ }, body: { code: 'database-unavailable' } }, 'it refuses writes')

  const { frames, until } = await reader.stream(`?after=${newest}`)
  await rows(reader.service, 'SELECT pg_wal_replay_pause()')
  while ((await rows(reader.service, 'SELECT pg_get_wal_replay_pause_state() AS state'))[0]!.state !== 'paused') await sleep(10)
  const moved = await writer.post('/api/containers/P1/move', { target_device: 'Washer' })
  const revision = Number(moved.headers['lab-revision'])
  t.equal(revision, newest + 1)
  t.match(await impatient.get('/api/containers/P1'), { status: 200, body: { device: 'Hotel' } }, 'the standby lags')
  t.match(await impatient.get(`/api/containers/P1?min_revision=${revision}`), { status: 503, headers: { 'retry-after': '1' }, body: { code: 'not-yet-replicated', min_revision: revision, revision: newest } })
  let isAnswered = false
  const waiting = reader.service.get(`/api/containers/P1?min_revision=${revision}`).finally(() => { isAnswered = true })
  await sleep(300)
  t.notOk(isAnswered, 'a read that may wait waits')
  t.same(revisionsOf(frames), [], 'and the stream is silent')
  await rows(reader.service, 'SELECT pg_wal_replay_resume()')
  t.match(await waiting, { status: 200, body: { device: 'Washer' } }, 'until the standby has the write')
  await until(atLeast(1))
  t.same(revisionsOf(frames), [revision], 'and so the stream tells it')
})
