import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import t from 'tap'
import { restoreBackup } from '../../src/backup/restore.ts'
import { takeBackup } from '../../src/backup/take.ts'
import { aFolder, anEmptyDatabase, migrations } from '../support/backups.ts'
import { rows } from '../support/log.ts'
import { aDatabase } from '../support/database.ts'
import { aListener, atLeast, has, revisionsOf } from '../support/stream.ts'
import { repetitions } from '../support/thorough.ts'

t.test('it resumes after any revision, of `after` or of `Last-Event-ID`, whichever is larger', async (t) => {
  const { service, stream, revision } = await aListener(t)
  for (let n = 0; n < 5; n++) await service.post('/api/containers', { device: 'Hotel' })
  const last = await revision()
  const all = Array.from({ length: last }, (_, n) => n + 1)
  for (const [query, headers, after] of [['?after=0', {}, 0], ['?after=2', {}, 2], ['', { 'last-event-id': '3' }, 3], ['?after=2', { 'last-event-id': '4' }, 4], ['?after=4', { 'last-event-id': '2' }, 4]] as const) {
    const { frames, until, kill } = await stream(query, headers)
    await until(atLeast(last - after))
    t.same(revisionsOf(frames), all.slice(after), `${query} ${JSON.stringify(headers)}`)
    t.match(frames[0], { event: 'hello', id: String(after), data: { revision: last } })
    kill()
  }
})

t.test('two instances tell the same, and readers that are killed again and again and resume at either get every revision once, in order', async (t) => {
  const kills = Number(process.env.STREAM_KILLS ?? repetitions({ quick: 20, thorough: 60 }))
  const url = await aDatabase(t)
  const one = await aListener(t, { url })
  const two = await aListener(t, { url })
  await one.service.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 500 }, Washer: { capacity: 5 } } } })
  await one.service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  let isWriting = true
  const writing = (async () => {
    for (let n = 0; isWriting; n++) {
      const { status } = await [one, two][n % 2]!.service.post('/api/containers/P1/move', { target_device: n % 2 === 0 ? 'Washer' : 'Hotel' })
      if (status !== 200) throw new Error(`the move was answered with ${status}`)
      await sleep(5)
    }
  })()
  const read = async (first: number): Promise<number[]> => {
    const seen: number[] = []
    for (let n = 0; n < kills; n++) {
      const { stream } = [one, two][(n + first) % 2]!
      const { status, frames, until, kill } = await stream(`?after=${seen.at(-1) ?? 0}`)
      if (status !== 200) throw new Error(`the stream was answered with ${status}`)
      await until(atLeast(1 + n % 4))
      kill()
      seen.push(...revisionsOf(frames))
    }
    return seen
  }
  const seen = await Promise.all([read(0), read(1), read(0)])
  isWriting = false
  await writing
  for (const revisions of seen) {
    t.ok(revisions.length >= kills)
    t.same(revisions, revisions.map((_, n) => n + 1), 'every revision once, in order')
  }
})

t.test('a log that is longer than a page comes complete to a reader that begins at its beginning, also while it grows', async (t) => {
  const { service, stream, revision } = await aListener(t)
  await rows(service, `INSERT INTO event_log (revision, ordinal, recorded_at, kind, became)
    SELECT revision + n, 0, now(), 'updated', jsonb_build_object('n', n, 'text', repeat(md5(n::text), 100)) FROM lab, generate_series(1, 1000) n`)
  await rows(service, 'UPDATE lab SET revision = revision + 1000, recorded_at = now()')
  const { frames, until } = await stream('?after=0')
  await service.post('/api/containers', { device: 'Hotel' })
  const last = await revision()
  await until(atLeast(last))
  t.same(revisionsOf(frames), Array.from({ length: last }, (_, n) => n + 1))
})

t.test('a reader that is ahead of the log is reset, and so is everybody when the log is replaced', async (t) => {
  const { service, stream, revision } = await aListener(t)
  const now = await revision()
  const ahead = await stream('?after=4711')
  await ahead.until(has('reset'))
  t.match(ahead.frames, [{ event: 'hello', id: '4711', data: { revision: now } }, { event: 'reset', id: String(now), data: { revision: now, log_id: String } }])
  await service.post('/api/containers', { device: 'Hotel' })
  await ahead.until(atLeast(1))
  t.same(revisionsOf(ahead.frames), [now + 1], 'and goes on from the newest revision')
  await rows(service, 'UPDATE lab SET log_id = gen_random_uuid()')
  await ahead.until((frames) => frames.filter(({ event }) => event === 'reset').length === 2)
  t.not(ahead.frames.at(-1)!.data.log_id, ahead.frames[0]!.data.log_id)
})

t.test('a restored backup is another log', async (t) => {
  const { service, stream, revision } = await aListener(t)
  const file = join(await aFolder(t), 'lab.backup.gz')
  await takeBackup({ url: service.url, file, overwrite: false })
  await service.post('/api/containers', { device: 'Hotel' })
  const last = await revision()
  const { frames: [hello] } = await stream().then(async (opened) => {
    await opened.until(has('hello'))
    return opened
  })
  const restored = await anEmptyDatabase(t)
  await restoreBackup({ url: restored, file, migrations, replace: false })
  const other = await aListener(t, { url: restored })
  const { frames, until } = await other.stream(`?after=${last}`)
  await until(has('reset'))
  t.match(frames[1], { event: 'reset', id: String(last - 1) })
  t.not(frames[0]!.data.log_id, hello!.data.log_id)
})
