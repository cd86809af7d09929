import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { aCommandLine } from '../support/command-line.ts'
import { anExperiment, eventKinds, rows } from '../support/log.ts'
import { aLab, aServiceOn, type Service } from '../support/service.ts'

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
const wash = <More extends object>(more: More = {} as More) => ({ id: randomUUID(), device: 'Washer', data: { fct: 'wash' }, ...more })

/** Steps of the past that took so many seconds, an hour ago. */
async function tookSeconds (service: Service, durations: readonly number[], more: object = {}): Promise<void> {
  const steps = durations.map((seconds) => ({ ...wash(more), start: ago(3600), finish: ago(3600 - seconds) }))
  await service.post('/api/steps/batch', { steps })
}

const running = async (service: Service, query = '') => (await service.get(`/api/steps/running${query}`)).body
const alarms = async (service: Service) => (await service.get('/api/alarms')).body.items

t.test('what runs is listed with the times at which it should end, alarms first', async (t) => {
  const service = await aLab(t, { Washer: 1, Reader: 1 })
  t.match(await running(service), { revision: 1, now: String, items: [] })
  await tookSeconds(service, [10, 11, 12, 13, 14, 15, 16, 17, 18, 20])
  await tookSeconds(service, [5, 6, 7, 8, 9, 10, 11, 12], { device: 'Reader', data: { fct: 'read' } })
  const begun = { fine: wash({ start: ago(5) }), hung: wash({ start: ago(80) }), slow: wash({ start: ago(40) }), rare: wash({ start: ago(500), device: 'Reader', data: { fct: 'read' } }), new: wash({ start: ago(900), data: { fct: 'new' } }) }
  for (const step of Object.values(begun)) await service.post('/api/steps', step)
  const paused = wash({ start: ago(300) })
  await service.post('/api/steps', paused)
  await service.post(`/api/steps/${paused.id}/pause`, { at: ago(290) })
  const { items, now, revision } = await running(service)
  t.equal(revision, (await service.get('/api/lab')).body.revision)
  const by = new Map(items.map((item: { step: { id: string } }) => [item.step.id, item]))
  t.same(items.map(({ state }: { state: string }) => state), ['alarm', 'past-bound', 'past-bound', 'running', 'running', 'paused'])
  t.match(by.get(begun.hung.id), { step: { id: begun.hung.id, status: 'running' }, estimate: { sample_size: 10, level: 'parameters' }, share_longer: 1 / 11 })
  const fine = by.get(begun.fine.id) as Record<string, string>
  t.equal(fine.alarm_at, new Date(Date.parse(begun.fine.start) + 50_000).toISOString(), 'the longest took 20 s: 30 s beyond it is later than 1.5 times it')
  t.equal(fine.median_at, new Date(Date.parse(begun.fine.start) + 14_500).toISOString())
  t.ok(Date.parse(fine.bound_at!) > Date.parse(now as string))
  t.match(by.get(begun.rare.id), { state: 'past-bound', alarm_at: null }, 'eight comparable steps are too few for an alarm')
  t.match(by.get(begun.new.id), { state: 'running', median_at: null, bound_at: null, alarm_at: null, share_longer: null })
  const stands = by.get(paused.id) as Record<string, number>
  t.match(stands, { median_at: null, bound_at: null, alarm_at: null })
  t.ok(Math.abs(stands.elapsed_seconds! - 10) < 1, 'the clock of a paused step stands still')
  t.match((await running(service, '?confidence=0.5')).items.find((item: { step: { id: string } }) => item.step.id === begun.fine.id), { alarm_at: fine.alarm_at }, 'the alarm does not depend on the confidence')
  t.match(await service.get('/api/steps/running?confidence=2'), { status: 400 })
})

t.test('where a time is commanded, the alarm looks at what such steps take beyond it', async (t) => {
  const service = await aLab(t, { Incubator: 1 })
  const incubate = (duration: number) => ({ device: 'Incubator', data: { fct: 'incubate', duration } })
  await tookSeconds(service, [102, 102, 103, 103, 104, 104, 105, 105, 106], incubate(100))
  const begun = wash({ ...incubate(600), start: ago(60) })
  await service.post('/api/steps', begun)
  t.match((await running(service)).items, [{ alarm_at: new Date(Date.parse(begun.start) + 636_000).toISOString() }])
})

t.test('a planted hang is an alarm until it ends, and somebody says that they are at it', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  await tookSeconds(service, [10, 11, 12, 13, 14, 15, 16, 17, 18, 20])
  const [hung, fine, simulated] = [wash({ start: ago(51) }), wash({ start: ago(45) }), wash({ start: ago(500), is_simulation: true })]
  for (const step of [hung, fine, simulated]) await service.post('/api/steps', step)
  const { watch } = service.app
  t.match(await watch.lookNow(), { idle: false, alarms: 1 })
  t.match(await watch.lookNow(), { idle: false, alarms: 0 }, 'an alarm is raised once')
  const [alarm, ...others] = await alarms(service)
  t.match([alarm, others], [{ kind: 'overdue', step_id: hung.id, device: 'Washer', fct: 'wash', over_at: null, note: null }, []])
  t.match(await service.post(`/api/alarms/${alarm.id}/acknowledge`, { note: 'Anna is on her way.' }), { status: 200, body: { note: 'Anna is on her way.', acknowledged_at: String } })
  t.match(await service.post(`/api/alarms/${randomUUID()}/acknowledge`, { note: 'x' }), { status: 404, body: { code: 'alarm-not-found', parameter: 'id' } })
  t.match(await service.post(`/api/alarms/${alarm.id}/acknowledge`, {}), { status: 400 })
  await service.post(`/api/steps/${hung.id}/finish`, {})
  t.same(await alarms(service), [], 'it is off at once')
  t.match(await watch.lookNow(), { alarms: 1 })
  t.same((await eventKinds(service)).filter((kind) => kind.includes('alarm')), ['step-alarm', 'alarm-acknowledged', 'step-alarm-over'])
  t.match((await service.get(`/api/events?step=${hung.id}&kind=step-alarm`)).body.items, [{ step_id: hung.id, after: { id: alarm.id, kind: 'overdue' } }])
})

t.test('an alarm sleeps while its step is paused', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  await tookSeconds(service, [10, 11, 12, 13, 14, 15, 16, 17, 18, 20])
  const hung = wash({ start: ago(60) })
  await service.post('/api/steps', hung)
  await service.app.watch.lookNow()
  await service.post(`/api/steps/${hung.id}/pause`, {})
  t.match(await service.app.watch.lookNow(), { alarms: 1 })
  t.same(await alarms(service), [])
  await service.post(`/api/steps/${hung.id}/resume`, {})
  await service.app.watch.lookNow()
  t.match(await alarms(service), [{ step_id: hung.id, earlier_acknowledgement: null }])
})

t.test('an alarm after a pause has to be acknowledged again, and shows what was said at the one before', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  const { platformStatus } = await aCommandLine(service)
  await tookSeconds(service, [10, 11, 12, 13, 14, 15, 16, 17, 18, 20])
  const hung = wash({ start: ago(60) })
  await service.post('/api/steps', hung)
  const again = async () => {
    await service.post(`/api/steps/${hung.id}/pause`, {})
    await service.app.watch.lookNow()
    await service.post(`/api/steps/${hung.id}/resume`, {})
    await service.app.watch.lookNow()
    return (await alarms(service))[0]
  }
  await service.app.watch.lookNow()
  const [first] = await alarms(service)
  const { body: acknowledged } = await service.post(`/api/alarms/${first.id}/acknowledge`, { note: 'Anna: the gripper is stuck' })
  const before = { alarm_id: first.id, acknowledged_at: acknowledged.acknowledged_at, acknowledged_by: null, note: 'Anna: the gripper is stuck' }
  const second = await again()
  t.match(second, { acknowledged_at: null, note: null, earlier_acknowledgement: before })
  t.match((await service.get('/api/events?kind=step-alarm')).body.items.at(-1), { after: { id: second.id, earlier_acknowledgement: before } }, 'also who is told by an event')
  t.match((await platformStatus('alarms')).out, / - +before: Anna: the gripper is stuck /)
  t.match((await service.app.inject({ url: '/present' })).body, /Before, somebody said at .*: .*Anna: the gripper is stuck/)
  t.match(await again(), { earlier_acknowledgement: before }, 'an alarm that nobody acknowledged hides nothing')
  await service.post(`/api/alarms/${(await alarms(service))[0].id}/acknowledge`, { note: 'Ben: it is fixed' })
  t.match(await again(), { acknowledged_at: null, earlier_acknowledgement: { note: 'Ben: it is fixed' } })
})

t.test('the watch looks at each of more steps than it reads at once', async (t) => {
  const service = await aLab(t, { Washer: 1, Reader: 1 })
  const { watch } = service.app
  await tookSeconds(service, [10, 11, 12, 13, 14, 15, 16, 17, 18, 20])
  const hung = wash({ start: ago(70) })
  await service.post('/api/steps', hung)
  await watch.lookNow()
  const [alarm] = await alarms(service)
  const older = wash({ start: ago(80) })
  await service.post('/api/steps', older)
  await service.post('/api/steps/batch', { steps: Array.from({ length: 5000 }, () => wash({ device: 'Reader', data: { fct: 'read' }, start: ago(30) })) })
  t.match(await watch.lookNow(), { alarms: 0 }, 'the newest 5,000, and no alarm of the others ends')
  t.match(await watch.lookNow(), { alarms: 1 }, 'then the older ones')
  t.match(await alarms(service), [alarm, { step_id: older.id }])
  t.match(await watch.lookNow(), { alarms: 0 }, 'then the newest again')
  const newest = wash({ start: ago(55) })
  await service.post('/api/steps', { ...newest, start: ago(60) })
  await service.post(`/api/steps/${hung.id}/finish`, {})
  t.match(await watch.lookNow(), { alarms: 2 }, 'what has ended is no alarm, wherever it was')
  t.equal((await running(service)).items.length, 5000)
  t.notOk('next' in await running(service))
})

t.test('one of two instances watches, and the other takes over when it stops or dies', async (t) => {
  const first = await aLab(t, { Washer: 1 }, { TEST_WATCH_MS: '200' })
  const second = await aServiceOn(t, first.url, { TEST_WATCH_MS: '200' })
  t.match(await first.app.watch.lookNow(), { idle: false })
  t.match(await second.app.watch.lookNow(), { idle: true })
  await sleep(450)
  t.match(await second.app.watch.lookNow(), { idle: false }, 'the first did not look for two intervals')
  t.match(await first.app.watch.lookNow(), { idle: true })
  await second.app.watch.stop()
  t.match(await first.app.watch.lookNow(), { idle: false }, 'who stops hands over at once')
})

t.test('nobody watches in a database that accepts no writes', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  await rows(service, `ALTER DATABASE "${new URL(service.url).pathname.slice(1)}" SET default_transaction_read_only = on`)
  t.match(await service.app.watch.lookNow(), { idle: true })
})

t.test('what runs in a session that is over is lost, and a late end still ends it', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  const put = async (session: string, ttl_seconds = 3600) => await service.put('/api/orchestrators/cage2', { session, ttl_seconds, state: 'running' })
  t.match(await put('one'), { status: 201, body: { name: 'cage2', session: 'one', alive: true, state: 'running' } })
  const { body: { revision } } = await service.get('/api/lab')
  t.match(await put('one'), { status: 200 })
  t.match((await service.get('/api/lab')).body, { revision }, 'a sign of life is no event')
  const experiment = await anExperiment(service, { session: 'one' })
  const [step, paused, over, free] = [wash({ start: ago(30), session: 'one', experiment_id: experiment.id }), wash({ start: ago(30), session: 'one' }), wash({ start: ago(30), session: 'one' }), wash({ start: ago(30), session: 'nobody' })]
  for (const each of [step, paused, over, free]) await service.post('/api/steps', each)
  await service.post(`/api/steps/${paused.id}/pause`, {})
  await service.post(`/api/steps/${over.id}/finish`, {})
  t.match(await service.app.watch.lookNow(), { lost: 0 })
  t.match(await put('two'), { status: 200, body: { session: 'two' } })
  const status = async (id: string) => (await service.get(`/api/steps/${id}`)).body.status as string
  t.same(await Promise.all([step, paused, over, free].map(async ({ id }) => await status(id))), ['lost', 'lost', 'completed', 'running'])
  t.match((await service.get(`/api/experiments/${experiment.id}`)).body, { status: 'lost', steps: { lost: 1 }, session: 'one' })
  t.same((await alarms(service)).map(({ kind }: { kind: string }) => kind), ['lost', 'lost'])
  t.same((await running(service)).items.map(({ state }: { state: string }) => state), ['lost', 'lost', 'running'])
  t.same((await eventKinds(service)).slice(-3), ['step-lost', 'step-lost', 'experiment-lost'])
  t.match((await service.get(`/api/steps/${step.id}/history`)).body.items, [{ kind: 'step-lost', before: { status: 'running' }, after: { status: 'lost', finish: null } }])
  t.match(await rows(service, "SELECT count(*)::int FROM step WHERE status = 'lost' AND (is_sample OR finish IS NOT NULL)"), [{ count: 0 }])
  t.match(await service.post('/api/steps', { ...step, status: 'completed', finish: ago(1) }), { status: 200, body: { status: 'completed', excluded_from_estimates: null } }, 'and is a sample')
  t.match(await service.post(`/api/steps/${paused.id}/finish`, {}), { status: 200, body: { status: 'completed' } })
  t.same(await alarms(service), [])
  t.match(await service.patch(`/api/experiments/${experiment.id}`, { status: 'running', session: 'two' }), { status: 200, body: { status: 'running', session: 'two' } })
  t.match((await service.get('/api/orchestrators')).body.items, [{ name: 'cage2', session: 'two', alive: true }])
})

t.test('a lease that is over loses its session', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  await service.put('/api/orchestrators/cage2', { session: 'one', ttl_seconds: 5 })
  const step = wash({ start: ago(1), session: 'one' })
  await service.post('/api/steps', step)
  await rows(service, "UPDATE orchestrator_session SET expires_at = now() - interval '1 second'")
  t.match(await service.app.watch.lookNow(), { lost: 1 })
  t.match(await service.app.watch.lookNow(), { lost: 0, alarms: 0 })
  t.match((await service.get(`/api/events?step=${step.id}&kind=step-lost`)).body.items, [{ reason: String, before: { status: 'running' }, after: { status: 'lost' } }])
  for (const body of [{ session: 'x', ttl_seconds: 4 }, { session: 'x', ttl_seconds: 3601 }, { ttl_seconds: 30 }, { session: '', ttl_seconds: 30 }]) {
    t.match(await service.put('/api/orchestrators/cage2', body), { status: 400 }, JSON.stringify(body))
  }
})

t.test('what was lost with a lease runs again when the same session gives signs of life', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  const put = async (session: string) => await service.put('/api/orchestrators/cage2', { session, ttl_seconds: 60 })
  await put('one')
  const [experiment, waiting] = [await anExperiment(service, { session: 'one' }), await anExperiment(service, { session: 'one' })]
  const [step, paused, ended, other] = ['one', 'one', 'one', 'two'].map((session, index) => wash({ start: ago(30), session, ...index === 0 ? { experiment_id: experiment.id } : {} }))
  for (const each of [step!, paused!, ended!, other!]) await service.post('/api/steps', each)
  await service.post(`/api/steps/${paused!.id}/pause`, {})
  await service.patch(`/api/experiments/${waiting.id}`, { status: 'running' })
  await service.post(`/api/experiments/${waiting.id}/pause`, {})
  const before = (await service.get(`/api/steps/${paused!.id}`)).body
  t.same(before.status, 'paused')
  await rows(service, "UPDATE orchestrator_session SET expires_at = now() - interval '1 second'")
  t.match(await service.app.watch.lookNow(), { lost: 5 })
  t.match((await alarms(service)).map(({ kind, id }: { kind: string, id: string }) => `${kind} ${id[14]!}`), ['lost 7', 'lost 7', 'lost 7'], 'ids are UUIDs of version 7')
  await service.post(`/api/steps/${ended!.id}/finish`, {})
  const { body: { revision } } = await service.get('/api/lab')

  t.match(await put('one'), { status: 200, body: { alive: true } })
  const status = async (kind: string, id: string) => (await service.get(`/api/${kind}/${id}`)).body.status as string
  t.same(await Promise.all([step!, paused!, ended!, other!].map(async ({ id }) => await status('steps', id))), ['running', 'paused', 'completed', 'running'])
  t.same(await Promise.all([experiment, waiting].map(async ({ id }) => await status('experiments', id))), ['running', 'paused'])
  t.match((await service.get(`/api/steps/${paused!.id}`)).body, { paused_at: before.paused_at, paused_seconds: 0 }, 'its pause lasts')
  t.same(await alarms(service), [])
  const { items } = (await service.get(`/api/events?after=${revision}`)).body
  t.same(items.map(({ kind }: { kind: string }) => kind), ['step-recovered', 'step-recovered', 'experiment-recovered', 'experiment-recovered', 'step-alarm-over', 'step-alarm-over'])
  t.match(items[0], { reason: 'The session of the orchestrator "cage2" gives signs of life again.', before: { status: 'lost' }, after: { status: /running|paused/ } })
  t.match((await service.get(`/api/steps/${step!.id}/history`)).body.items, [{ kind: 'step-lost' }, { kind: 'step-recovered', before: { status: 'lost' }, after: { status: 'running' } }])
  await put('one')
  t.match((await service.get('/api/lab')).body, { revision: revision + 1 }, 'the next sign of life is no event')

  await put('two')
  t.same(await status('steps', step!.id), 'lost')
  await put('two')
  t.same(await status('steps', step!.id), 'lost', 'another session does not bring it back')
  await put('one')
  t.same(await status('steps', step!.id), 'lost', 'nor does a session that takes the name back')
  await put('one')
  t.same(await status('steps', step!.id), 'running', 'but when only this one is left')
  t.match(await service.post(`/api/steps/${paused!.id}/finish`, {}), { status: 200, body: { status: 'completed' } }, 'a pause that was lost twice ends')
})

t.test('the watch looks by itself', async (t) => {
  const service = await aLab(t, { Washer: 1 }, { TEST_WATCH_MS: '50' })
  await tookSeconds(service, [10, 11, 12, 13, 14, 15, 16, 17, 18, 20])
  await service.post('/api/steps', wash({ start: ago(60) }))
  service.app.watch.start()
  for (let n = 0; n < 200 && (await alarms(service)).length === 0; n++) await sleep(50)
  t.match(await alarms(service), [{ kind: 'overdue' }])
})
