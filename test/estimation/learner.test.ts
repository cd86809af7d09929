import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/store/database.ts'
import { aDatabase } from '../support/database.ts'
import { rows } from '../support/log.ts'
import { aLog } from '../support/logged.ts'
import { aLab, aServiceOn, type Service } from '../support/service.ts'
import { repetitions } from '../support/thorough.ts'

// The learner runs beside requests. These tests use the real clock.

const devices = { Hotel: 1, Reader: 1 }

/** Logs a run with `steps` steps, `day` days after 2025-01-01. It ended long ago, so it is over. */
async function aRun (service: Service, day: number, steps: number, kinds = 40): Promise<void> {
  const origin = Date.parse('2025-01-01T00:00:00Z') + day * 86_400_000
  const answer = await service.post('/api/steps/batch', { steps: Array.from({ length: steps }, (_, n) => {
    const start = origin + n * 10_000
    return { device: 'Reader', data: { fct: `function ${n % kinds}` }, start: new Date(start).toISOString(), finish: new Date(start + 5000 + n * 7 % 11 * 100).toISOString() }
  }) })
  if (answer.status !== 201) throw new Error(answer.text)
}

/** An instance with its own learner. */
async function anInstance (t: Test, url: string) {
  const { log, lines, said } = aLog()
  const config = readConfig({ DATABASE_URL: url })
  const database = openDatabase(url, config, log)
  const app = await buildApp(config, { database, log })
  t.teardown(async () => {
    await app.close()
    await database.close()
  })
  await app.ready()
  app.learner.start()
  return { app, lines, said }
}

const learntIn = (lines: readonly { msg: string }[]) => lines.filter(({ msg }) => msg === 'learnt from a run')
const ask = (service: Service) => service.post('/api/estimates', { step: { device: 'Reader', data: { fct: 'function 1' } } })

async function until (what: () => Promise<boolean>, ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) if (await what()) return true
  return false
}

const pending = async (service: Service) => (await rows(service, 'SELECT count(*)::int AS n FROM run WHERE pending'))[0]!.n as number

t.test('a run that ended is learnt within ten seconds, by one of two instances, once', async (t) => {
  const service = await aLab(t, devices)
  const instances = [await anInstance(t, service.url), await anInstance(t, service.url)]
  await aRun(service, 0, 500)
  t.ok(await until(async () => await pending(service) === 0, 10_000))
  // both instances have looked again
  await sleep(2500)
  t.equal(instances.flatMap(({ lines }) => learntIn(lines)).length, 1)
  t.match(await rows(service, 'SELECT key, margins FROM run'), [{ key: 'day 2025-01-01', margins: [0, 0, 0, 0, 0] }])
})

t.test('two instances that learn at once learn each run once, and neither waits', async (t) => {
  const service = await aLab(t, devices)
  const other = await aServiceOn(t, service.url)
  for (let day = 0; day < 25; day++) await aRun(service, day, 20)
  const learnt = (await Promise.all([service.app.learner.learnNow(), other.app.learner.learnNow()])).flat().map(({ key }) => key)
  t.equal(learnt.length, 20, 'the newest twenty')
  t.equal(new Set(learnt).size, 20)
  t.equal(await pending(service), 0)
})

t.test('what is learnt is in the next estimate: margins once three runs are known', async (t) => {
  const service = await aLab(t, devices)
  for (let day = 0; day < 5; day++) await aRun(service, day, 400, 1)
  // a day on which everything is slower
  const origin = Date.parse('2025-01-06T00:00:00Z')
  await service.post('/api/steps/batch', { steps: Array.from({ length: 50 }, (_, n) => ({
    device: 'Reader', data: { fct: 'function 0' }, start: new Date(origin + n * 30_000).toISOString(), finish: new Date(origin + n * 30_000 + 9000).toISOString()
  })) })
  const step = { device: 'Reader', data: { fct: 'function 0' } }
  t.match(await service.post('/api/estimates', { step }), { body: { margin_seconds: 0 } }, 'an estimate learns nothing')
  await service.app.learner.learnNow()
  const { body } = await service.post('/api/estimates', { step })
  t.ok(body.margin_seconds > 0, String(body.margin_seconds))
})

t.test('a run with a time in the future is no latest one: margins follow the runs that were', async (t) => {
  const margins = async (withFuture: boolean): Promise<number[]> => {
    const service = await aLab(t, devices)
    for (let day = 0; day < 5; day++) await aRun(service, day, 40, 1)
    if (withFuture) {
      await service.post('/api/steps/batch', { steps: [
        { device: 'Reader', data: { fct: 'function 0' }, start: '2036-01-01T00:00:00Z', finish: '2036-01-01T00:00:05Z' },
        { device: 'Reader', data: { fct: 'function 0' }, start: '2025-01-03T23:00:00Z', finish: '2036-01-01T00:00:05Z' }
      ] })
    }
    await service.app.learner.learnNow()
    const seen: number[] = []
    for (let day = 5; day < 9; day++) {
      const origin = Date.parse('2025-01-01T00:00:00Z') + day * 86_400_000
      await service.post('/api/steps/batch', { steps: Array.from({ length: 40 }, (_, n) => ({
        device: 'Reader', data: { fct: 'function 0' }, start: new Date(origin + n * 30_000).toISOString(), finish: new Date(origin + n * 30_000 + 9000 + day * 500).toISOString()
      })) })
      await service.app.learner.learnNow()
      seen.push((await service.post('/api/estimates', { step: { device: 'Reader', data: { fct: 'function 0' } } })).body.margin_seconds)
    }
    t.equal(await pending(service), 0)
    return seen
  }
  const wanted = await margins(false)
  t.ok(wanted.at(-1)! > 0, String(wanted))
  t.same(await margins(true), wanted)
})

t.test('estimates answer at once while twenty runs are learnt', async (t) => {
  const service = await aLab(t, devices)
  for (let day = 0; day < 20; day++) await aRun(service, day, repetitions({ quick: 200, thorough: 1000 }), 200)
  await ask(service)
  const learning = service.app.learner.learnNow()
  let done = false
  void learning.then(() => { done = true })
  const times: number[] = []
  for (let round = 0; round < 5 && !done; round++) {
    await Promise.all(Array.from({ length: 14 }, async () => {
      const began = performance.now()
      t.equal((await ask(service)).status, 200)
      times.push(performance.now() - began)
    }))
    t.equal((await service.get('/api/lab')).status, 200)
  }
  const slowest = Math.max(...times)
  t.ok(slowest < 1000, `the slowest of ${times.length} took ${slowest.toFixed(0)} ms`)
  t.comment(`slowest of ${times.length}: ${slowest.toFixed(0)} ms`)
  t.equal((await learning).length, 20)
})

t.test('the longest run holds the event loop for no more than 50 ms of computing at a time', async (t) => {
  const service = await aLab(t, devices)
  for (let day = 0; day < 3; day++) await aRun(service, day, repetitions({ quick: 1000, thorough: 5000 }), 1000)
  await service.app.learner.learnNow()
  await aRun(service, 3, 5000, 5000)
  const held: number[] = []
  // The time of the processor: other programs of the machine must not count.
  const computed = (): number => process.cpuUsage().user / 1000
  let last = computed()
  let going = true
  function look (): void {
    const now = computed()
    held.push(now - last)
    last = now
    if (going) setImmediate(look)
  }
  setImmediate(look)
  await service.app.learner.learnNow()
  going = false
  // A single pause may come from the collection of garbage, so it proves nothing.
  const [, second] = held.sort((a, b) => b - a)
  t.comment(`longest ${held[0]!.toFixed(0)} ms, then ${second!.toFixed(0)} ms`)
  t.ok(second! < 50, `${held.slice(0, 3).map((ms) => ms.toFixed(0)).join(', ')} ms`)
})

t.test('a run of which a step comes while it is learnt, or of which a command is at work, is learnt again', async (t) => {
  const service = await aLab(t, devices)
  await aRun(service, 0, 100)
  const other = new pg.Client({ connectionString: service.url })
  await other.connect()
  t.teardown(() => other.end())
  const learnsWhile = async (held: string, meanwhile: () => Promise<unknown>) => {
    // so the learner waits when it has read the steps
    await other.query(`BEGIN; ${held}`)
    const learning = service.app.learner.learnNow()
    await until(async () => (await rows(service, "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'platform-status learner' AND wait_event_type = 'Lock'")).length > 0, 10_000)
    await meanwhile()
    await other.query('COMMIT')
    return await learning
  }
  t.same(await learnsWhile('SELECT FROM run FOR UPDATE', async () => {
    await service.post('/api/steps', { device: 'Reader', start: '2025-01-01T00:00:01Z', finish: '2025-01-01T00:00:09Z' })
  }), [], 'a step came')
  t.equal(await pending(service), 1)

  await other.query("BEGIN; SELECT mark_and_hold_runs(NULL, '{2025-01-01}')")
  const soon = async () => {
    await rows(service, 'UPDATE run SET retry_at = NULL')
    return await service.app.learner.learnNow()
  }
  t.same(await soon(), [], 'a command is at work')
  await other.query('COMMIT')
  t.match(await soon(), [{ key: 'day 2025-01-01', steps: 101 }])
  t.equal(await pending(service), 0)

  await rows(service, 'UPDATE run SET pending = true')
  t.same(await learnsWhile('DELETE FROM run', async () => {}), [], 'the lab was wiped, and the learner goes on')
})

t.test('a step marks its run when something changes that estimates use, and not otherwise', async (t) => {
  const service = await aLab(t, devices)
  const { body: step } = await service.post('/api/steps', { device: 'Reader', data: { fct: 'read' }, start: '2025-01-01T00:00:00Z', finish: '2025-01-01T00:00:10Z' })
  const marks = async (change: () => Promise<unknown>): Promise<boolean> => {
    await rows(service, 'UPDATE run SET pending = false')
    await change()
    return await pending(service) > 0
  }
  const patch = (members: object) => async () => await service.patch(`/api/steps/${step.id}`, { reason: 'seen', ...members })
  t.equal(await marks(patch({ containers: ['P1'] })), false, 'a container')
  t.equal(await marks(patch({ data: { fct: 'read', label: 'first' } })), false, 'a label')
  t.equal(await marks(patch({ data: { fct: 'wash' } })), true, 'a function')
  t.equal(await marks(patch({ finish: '2025-01-01T00:00:20Z' })), true, 'a finish')
  t.equal(await marks(patch({ device: 'Hotel' })), true, 'a device')
  t.equal(await marks(patch({ exclude_from_estimates: true })), true, 'a decision')
  t.equal(await marks(patch({ start: '2024-12-31T23:00:00Z' })), true, 'a start')
  t.same((await rows(service, 'SELECT key FROM run WHERE pending ORDER BY key')).map(({ key }) => key), ['day 2024-12-31', 'day 2025-01-01'], 'the day that it left, too')
})

t.test('on a database that takes no writes estimates answer, and the learner is quiet', async (t) => {
  const url = await aDatabase(t)
  const service = await aServiceOn(t, url)
  await service.put('/api/lab/config', { sila_servers: { devices: { Reader: { capacity: 1 } } } })
  await aRun(service, 0, 50)
  await rows(service, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`)
  const { app, lines } = await anInstance(t, url)
  const answer = await app.inject({ method: 'POST', url: '/api/estimates', payload: { step: { device: 'Reader', data: { fct: 'function 1' } } } })
  t.equal(answer.statusCode, 200, answer.payload)
  await sleep(2500)
  t.same(await app.learner.learnNow(), [])
  t.same(lines.filter(({ level }) => level !== 'info' && Number(level) !== 30), [])
  t.equal(await pending(service), 1, 'it is left to an instance that can')
})

t.test('what goes wrong is told once, and tried again', async (t) => {
  const url = await aDatabase(t)
  const service = await aServiceOn(t, url)
  await service.put('/api/lab/config', { sila_servers: { devices: { Reader: { capacity: 1 } } } })
  await aRun(service, 0, 50)
  await rows(service, 'ALTER TABLE run RENAME COLUMN retry_at TO missing')
  const { lines, said } = await anInstance(t, url)
  await said('learning from runs failed, will retry')
  await sleep(4500)
  t.equal(lines.filter(({ msg }) => msg === 'learning from runs failed, will retry').length, 1)
  t.equal(await pending(service), 1, 'nothing is half learnt')
  await rows(service, 'ALTER TABLE run RENAME COLUMN missing TO retry_at')
  await said('learnt from a run')
})

t.test('an app that closes while it learns closes at once, and leaves the run to the next', async (t) => {
  const url = await aDatabase(t)
  const service = await aServiceOn(t, url)
  await service.put('/api/lab/config', { sila_servers: { devices: { Reader: { capacity: 1 } } } })
  for (let day = 0; day < 2; day++) await aRun(service, day, 5000, 5000)
  const { app, lines } = await anInstance(t, url)
  const learning = app.learner.learnNow()
  const watcher = new pg.Client(url)
  await watcher.connect()
  t.teardown(() => watcher.end())
  const transactions = async () => (await watcher.query(
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'platform-status learner' AND xact_start IS NOT NULL")).rowCount ?? 0
  t.ok(await until(async () => await transactions() > 0, 5000), 'it is at it')
  const began = performance.now()
  await app.close()
  t.ok(performance.now() - began < 1000, `${(performance.now() - began).toFixed(0)} ms`)
  t.ok((await learning).length < 2)
  t.same(lines.filter(({ msg }) => /fail|error/i.test(msg)), [])
  t.ok(await until(async () => await transactions() === 0, 5000), 'its transaction is undone')
  await service.app.learner.learnNow()
  t.equal(await pending(service), 0)
})

t.test('a run from which nothing can be learnt does not stop the others, waits longer each time, and is a finding', async (t) => {
  const service = await aLab(t, devices)
  const { pool } = service.app.database
  for (let day = 0; day < 20; day++) await aRun(service, day, 10, 1)
  await pool.query(`
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no margins'; END $$`)
  // the oldest, so it is always the next one
  await pool.query("CREATE TRIGGER fail BEFORE UPDATE OF margins ON run FOR EACH ROW WHEN (NEW.key = 'day 2025-01-01') EXECUTE FUNCTION fail()")
  const learn = async (): Promise<string[]> => (await service.app.learner.learnNow()).map(({ key }) => key)
  t.equal((await learn()).length, 19, 'all others')
  const waits: number[] = []
  const failed = async () => (await rows(service, 'SELECT failures, round(extract(epoch FROM retry_at - now()) / 60)::int AS minutes FROM run WHERE pending AND run_is_over(run)'))
  for (let failures = 1; failures <= 3; failures++) {
    const runs = await failed()
    t.match(runs, [{ failures }])
    waits.push(runs[0]!.minutes as number)
    t.same(await learn(), [], 'it is not tried before its time')
    t.match((await service.get('/api/lab/health')).body, { healthy: true, findings: failures < 3 ? [] : [{ code: 'run-not-learnt', severity: 'warning', message: /"day 2025-01-01": 3 attempts failed/ }] })
    // a second ago: the column has whole milliseconds, so now can be rounded to a moment that has not come
    await pool.query("UPDATE run SET retry_at = now() - interval '1 second' WHERE retry_at IS NOT NULL")
    if (failures < 3) t.same(await learn(), [])
  }
  t.same(waits, [1, 2, 4])
  await pool.query('DROP TRIGGER fail ON run')
  t.same(await learn(), ['day 2025-01-01'])
  t.same((await service.get('/api/lab/health')).body.findings, [])
  t.match(await rows(service, "SELECT failures, retry_at, pending FROM run WHERE key = 'day 2025-01-01'"), [{ failures: 0, retry_at: null, pending: false }])
})
