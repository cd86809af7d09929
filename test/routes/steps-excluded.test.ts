import { randomUUID } from 'node:crypto'
import t from 'tap'
import { aStep, rows } from '../support/log.ts'
import { aLab, aService, type Service } from '../support/service.ts'
import { lasting } from '../support/times.ts'

// Times that cannot be true are stored as told, told about, and used nowhere.

const second = 1000
const hour = 3600 * second
const day = 24 * hour
const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString()
const wash = { device: 'Washer', data: { fct: 'wash' } }

async function logged (service: Service, body: object): Promise<any> {
  const answer = await service.post('/api/steps', body)
  if (answer.status !== 201) throw new Error(answer.text)
  return answer.body
}

/** Ten washes of 90 s, a minute apart, that ended an hour ago. */
async function tenWashes (service: Service): Promise<void> {
  const steps = Array.from({ length: 10 }, (_, index) => ({ ...wash, ...lasting(90, 3600 + index * 150) }))
  if ((await service.post('/api/steps/batch', { steps })).status !== 201) throw new Error('refused')
}

const codes = ({ warnings }: { warnings: { code: string }[] }) => warnings.map(({ code }) => code)
const estimateOf = async (service: Service, confidence = 0.9) => (await service.post('/api/estimates', { step: wash, confidence })).body
const findings = async (service: Service) => (await service.get('/api/lab/health')).body.findings as { code: string, severity: string, message: string, steps: string[] }[]

t.test('a start that is seconds ahead and a finish of now make no sample of a millisecond', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  for (let n = 0; n < 5; n++) {
    const { id } = await logged(lab, { ...wash, start: fromNow(3 * second) })
    const { body } = await lab.post(`/api/steps/${id}/finish`, {})
    t.match(body, { status: 'completed', excluded_from_estimates: 'clock', duration_seconds: 0, warnings: [{ code: 'clock-skew', pointer: '/finish' }] })
  }
  t.match(await estimateOf(lab), { duration_seconds: null, method: 'none', sample_size: 0 })
})

t.test('a running step that began years before it was told is no sample when it ends', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  await tenWashes(lab)
  for (let n = 0; n < 2; n++) {
    const step = await logged(lab, { ...wash, start: '2018-07-01T00:00:00Z' })
    t.match(step, { status: 'running', excluded_from_estimates: 'not-completed', warnings: [{ code: 'clock-behind', pointer: '/start' }] })
    t.match((await lab.post(`/api/steps/${step.id}/finish`, {})).body, { excluded_from_estimates: 'clock', warnings: [{ code: 'clock-behind' }] }, 'also after it has ended')
  }
  t.match(await estimateOf(lab), { duration_seconds: 90, sample_size: 10 })
  t.match((await lab.get('/api/steps/statistics')).body.items, [{ count: 12, finished: 12, max_seconds: 90, total_seconds: 900 }])
  t.ok((await lab.get('/api/steps/statistics?excluded=any')).body.items[0].max_seconds > 1e8)
  t.match((await findings(lab)).filter(({ code }) => code === 'steps-excluded'), [{ severity: 'warning', message: /^2 steps of Washer have times that cannot be true/, steps: [String, String] }])
})

t.test('a time ahead of the service is told, and is no sample even when it has come', async (t) => {
  const service = await aService(t)
  t.match(await logged(service, { ...wash, start: fromNow(-30 * second), finish: fromNow(4 * second) }), { excluded_from_estimates: null }, 'clocks may differ by seconds')
  const ahead = await logged(service, { ...wash, start: fromNow(-30 * second), finish: fromNow(7 * second) })
  t.match(ahead, { excluded_from_estimates: 'clock', warnings: [{ code: 'clock-ahead', pointer: '/finish' }, { code: 'unknown-device' }] })
  const running = await logged(service, { ...wash, start: fromNow(20 * second) })
  t.match(running, { excluded_from_estimates: 'not-completed', warnings: [{ code: 'clock-ahead', pointer: '/start' }, { code: 'unknown-device' }] })
  t.match((await service.post(`/api/steps/${running.id}/finish`, { finish: fromNow(3 * second + 20 * second) })).body, { excluded_from_estimates: 'clock' }, 'its start was never true')
  await service.query("UPDATE step SET start = start - interval '1 hour', finish = finish - interval '1 hour'")
  t.match(await estimateOf(service), { sample_size: 1 }, 'later, too')
})

t.test('durations beyond all reason are left out until the fourth', async (t) => {
  const lab = await aLab(t, { Washer: 1, Hotel: 3 })
  const long = (days: number) => ({ ...wash, start: fromNow(-days * day), finish: fromNow(-second) })
  t.match(await logged(lab, long(3000)), { excluded_from_estimates: 'implausible', warnings: [{ code: 'implausible-duration' }] }, 'alone')
  await tenWashes(lab)
  const { body: { items } } = await lab.post('/api/steps/batch', { steps: [long(3000), long(2999), long(2)] })
  t.match(items, [{ excluded_from_estimates: 'implausible' }, { excluded_from_estimates: 'implausible' }, { excluded_from_estimates: 'implausible' }])
  t.match(await estimateOf(lab), { duration_seconds: 90, sample_size: 10 })
  t.match(await logged(lab, long(2.1)), { excluded_from_estimates: 'implausible' }, 'a pair does not confirm itself')
  t.match(await logged(lab, long(2.2)), { excluded_from_estimates: 'implausible' }, 'nor do three')
  t.match(await estimateOf(lab), { duration_seconds: 90, sample_size: 10 })
  t.match(await logged(lab, long(2.3)), { excluded_from_estimates: null }, 'the fourth: such washes happen')
  t.match(await logged(lab, long(40)), { excluded_from_estimates: 'implausible' }, 'but none of a month')
  t.match(await logged(lab, { ...wash, start: fromNow(-23 * hour), finish: fromNow(-second) }), { excluded_from_estimates: null }, 'a day is a hang, not a fault of the clock')
  const move = { kind: 'move', device: 'Arm', origin: { device: 'Hotel' }, destination: { device: 'Washer' } }
  t.match(await logged(lab, { ...move, start: fromNow(-2 * day), finish: fromNow(-second) }), { excluded_from_estimates: 'implausible' }, 'no move takes days')
  const incubate = (hours: number) => ({ device: 'Incubator', data: { fct: 'incubate', duration: hours * 3600 }, ...lasting(hours * 3600, (100 - hours) * 3600) })
  t.match(await logged(lab, incubate(90)), { excluded_from_estimates: null }, 'a commanded time is no surprise')
  t.match(await logged(lab, { device: 'Store', data: { fct: 'store' }, start: fromNow(-20 * day), finish: fromNow(-second) }), { excluded_from_estimates: null }, 'nothing is known of its kind')
})

t.test('two implausible durations in one request do not confirm each other, a person confirms one', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  await tenWashes(lab)
  const long = (days: number) => ({ ...wash, start: fromNow(-days * day), finish: fromNow(-second) })
  const { body: { items } } = await lab.post('/api/steps/batch', { steps: [long(3), long(3.5)] })
  t.match(items, [{ excluded_from_estimates: 'implausible' }, { excluded_from_estimates: 'implausible', warnings: [{ code: 'implausible-duration' }] }])
  t.match(await estimateOf(lab), { duration_seconds: 90, sample_size: 10 })
  await lab.patch(`/api/steps/${items[0].id}`, { exclude_from_estimates: false, reason: 'it soaked over the weekend' })
  t.match(await logged(lab, long(3.1)), { excluded_from_estimates: null }, 'what a person has confirmed explains others')
})

t.test('a person decides either way, and can take it back', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  await tenWashes(lab)
  const step = await logged(lab, { ...wash, start: fromNow(-30 * second), finish: fromNow(70 * second) })
  const decide = async (id: string, exclude_from_estimates: boolean | null) => (await lab.patch(`/api/steps/${id}`, { exclude_from_estimates, reason: 'seen' })).body
  t.match(await decide(step.id, false), { excluded_from_estimates: null, version: 2, warnings: [{ code: 'clock-ahead' }] })
  t.match(await estimateOf(lab), { sample_size: 11 }, 'it counts at once, though its finish is still ahead')
  t.match(await decide(step.id, false), { version: 2 }, 'twice is once')
  t.match(await decide(step.id, true), { excluded_from_estimates: 'clock', version: 3 }, 'the first of two reasons is told')
  t.match(await decide(step.id, null), { excluded_from_estimates: 'clock', version: 4 })
  const { body: { items: [sound] } } = await lab.get('/api/steps?status=completed&limit=1')
  t.match(await decide(sound.id, true), { excluded_from_estimates: 'by-hand' })
  t.match(await estimateOf(lab), { sample_size: 9 })
  t.match(await decide(sound.id, null), { excluded_from_estimates: null })
  const failed = await logged(lab, { ...wash, start: fromNow(-30 * second), finish: fromNow(-20 * second), status: 'failed' })
  t.match(await decide(failed.id, false), { excluded_from_estimates: 'not-completed' }, 'what failed is never a sample')
  t.match((await lab.get(`/api/steps/${sound.id}/history`)).body.items, [
    { reason: 'seen', before: { excluded_from_estimates: null }, after: { excluded_from_estimates: 'by-hand' } },
    { before: { excluded_from_estimates: 'by-hand' }, after: { excluded_from_estimates: null } }
  ])
  t.match(await lab.patch(`/api/steps/${sound.id}`, { exclude_from_estimates: 'yes', reason: 'seen' }), { status: 400, body: { errors: [{ pointer: '/exclude_from_estimates' }] } })
})

t.test('a person can confirm the duration of a step of 2036, but nothing is newest in 2036', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  const { body: process } = await lab.post('/api/processes', { name: 'p', source: 's' })
  const { body: { id: experiment_id } } = await lab.post('/api/experiments', { process_id: process.id })
  await tenWashes(lab)
  await logged(lab, { ...wash, ...lasting(90, 3600), experiment_id })
  const ahead = await logged(lab, { ...wash, start: '2036-01-01T00:00:00Z', finish: '2036-01-01T00:01:32Z', experiment_id })
  t.match((await lab.patch(`/api/steps/${ahead.id}`, { exclude_from_estimates: false, reason: 'a wash of 92 s' })).body, { excluded_from_estimates: null })
  t.match(await estimateOf(lab), { sample_size: 12 })
  t.match((await lab.get('/api/steps/statistics')).body.items, [{ max_seconds: 92 }])
  t.match((await lab.get(`/api/experiments/${experiment_id}`)).body, { duration_seconds: 90 })
  t.match((await lab.get('/api/estimates/kinds')).body.items, [{ last_finish: /^2026-/, sample_size: 12 }])
  await lab.patch(`/api/experiments/${experiment_id}`, { status: 'completed' })
  t.match((await lab.get(`/api/processes/${process.id}/duration?confidence=0.5`)).body, { duration_seconds: 90, sample_size: 1 })
})

t.test('impossible times of failed and simulated steps are told, and decided', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  await logged(lab, { ...wash, start: fromNow(-hour), finish: '2036-01-01T00:00:00Z', status: 'failed' })
  await logged(lab, { ...wash, start: fromNow(-hour), finish: '2036-01-01T00:00:00Z', is_simulation: true })
  t.match(await findings(lab), [{ code: 'steps-excluded', message: /^2 steps of Washer were failed, aborted or simulated, and have times that cannot be true, so no experiment begins or ends with them/ }])
  t.match(await lab.post('/api/steps/exclusions', { where: { impossible_times: true }, reason: 'seen' }), { body: { matched: 2, changed: 2 } })
  t.match(await findings(lab), { length: 0 })
})

t.test('simulated and failed runs, however many are newer, do not hide what a process takes', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  const { body: process } = await lab.post('/api/processes', { name: 'p', source: 's' })
  const run = async (times: object, rest: object) => {
    const { body: { id: experiment_id } } = await lab.post('/api/experiments', { process_id: process.id })
    return { ...wash, ...times, ...rest, experiment_id }
  }
  const steps = []
  for (let n = 0; n < 10; n++) steps.push(await run(lasting(3600, 40 * 3600), {}))
  for (let n = 0; n < 201; n++) steps.push(await run(lasting(2, 30 * 3600), n % 2 === 0 ? { is_simulation: true } : { status: 'failed' }))
  for (let n = 0; n < 201; n++) steps.push(await run(lasting(3, 20 * 3600), n % 2 === 0 ? { status: 'failed' } : { status: 'aborted' }))
  t.equal((await lab.post('/api/steps/batch', { steps })).status, 201)
  t.match((await lab.get(`/api/processes/${process.id}/duration?confidence=0.9`)).body, { duration_seconds: 3600, sample_size: 10 })
})

t.test('a corrected time is judged anew', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  const skewed = await logged(lab, { ...wash, start: fromNow(2 * second) })
  await lab.post(`/api/steps/${skewed.id}/finish`)
  t.match((await lab.patch(`/api/steps/${skewed.id}`, { start: fromNow(-60 * second), reason: 'the clock' })).body, { excluded_from_estimates: 'clock' }, 'its finish was never true')
  const right = (await lab.patch(`/api/steps/${skewed.id}`, { finish: fromNow(-second), reason: 'the clock' })).body
  t.match([right.excluded_from_estimates, codes(right)], [null, []])
  t.match((await lab.patch(`/api/steps/${skewed.id}`, { finish: fromNow(hour), reason: 'a slip' })).body, { excluded_from_estimates: 'clock', warnings: [{ code: 'clock-ahead' }] })
  t.match((await lab.patch(`/api/steps/${skewed.id}`, { data: { fct: 'rinse' }, reason: 'it was one' })).body, { excluded_from_estimates: 'clock' }, 'another member says nothing about the times')
})

t.test('a status that the client did not understand is kept, told, and no sample', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  const step = await logged(lab, { ...wash, data: { fct: 'wash', reported_status: 'half-done' }, start: fromNow(-60 * second), finish: fromNow(-30 * second) })
  t.match(step, { status: 'completed', excluded_from_estimates: 'unknown-status', data: { reported_status: 'half-done' }, warnings: [{ code: 'unknown-status', pointer: '/data/reported_status' }] })
  t.match(await estimateOf(lab), { sample_size: 0 })
  t.match((await findings(lab))[0], { code: 'steps-excluded', message: /^1 step of Washer has a status that was not understood/, steps: [step.id] })
  t.match((await lab.patch(`/api/steps/${step.id}`, { data: { fct: 'wash' }, reason: 'it was done' })).body, { excluded_from_estimates: null, warnings: [] })
})

t.test('an experiment spans the times that can be true', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  const { body: process } = await lab.post('/api/processes', { name: 'p', source: 's' })
  const { body: { id: experiment_id } } = await lab.post('/api/experiments', { process_id: process.id })
  await logged(lab, { ...wash, ...lasting(90, 3600), experiment_id })
  await logged(lab, { ...wash, start: fromNow(-hour), finish: '2036-01-01T00:00:00Z', experiment_id })
  await logged(lab, { ...wash, start: '2018-01-01T00:00:00Z', experiment_id })
  t.match((await lab.get(`/api/experiments/${experiment_id}`)).body, { duration_seconds: 90, steps: { total: 3, running: 1 } })
  await lab.post(`/api/experiments/${experiment_id}`, {})
  await lab.patch(`/api/experiments/${experiment_id}`, { status: 'completed' })
  t.match((await lab.get(`/api/processes/${process.id}/duration?confidence=0.5`)).body, { duration_seconds: 90, sample_size: 1 })
  t.match((await lab.get(`/api/experiments?started_before=${fromNow(-30 * day)}`)).body.items, { length: 0 }, 'nor did it begin in 2018')
})

t.test('many are decided in one request, after a look', async (t) => {
  const lab = await aLab(t, { Washer: 1, Reader: 1 })
  await tenWashes(lab)
  for (let n = 0; n < 3; n++) await logged(lab, { ...wash, start: fromNow(-30 * second), finish: fromNow(hour) })
  await logged(lab, { device: 'Reader', start: fromNow(-30 * second), finish: fromNow(hour) })
  const where = { excluded_from_estimates: 'clock', device: 'Washer' }
  const ask = async (body: object, query = '') => await lab.post(`/api/steps/exclusions${query}`, { where, reason: 'the clock was an hour ahead', ...body })
  t.match(await ask({}, '?dry_run=true'), { status: 200, body: { applied: false, matched: 3, changed: 3, items: [{ excluded_from_estimates: 'clock' }, {}, {}] } })
  t.equal((await findings(lab)).filter(({ code }) => code === 'steps-excluded').length, 2)
  const [{ revision }] = await rows(lab, 'SELECT revision::int FROM lab') as [{ revision: number }]
  t.match(await ask({}), { body: { applied: true, matched: 3, changed: 3 } })
  t.match(await rows(lab, 'SELECT count(*)::int, min(revision)::int AS first, max(revision)::int AS last FROM event WHERE kind = \'step-corrected\''), [{ count: 3, first: revision + 1, last: revision + 1 }])
  t.match((await findings(lab)).filter(({ code }) => code === 'steps-excluded'), [{ message: /Reader/ }], 'what is decided is no finding any more')
  t.match(await ask({}), { body: { matched: 3, changed: 0 } })
  t.match(await ask({ decision: 'include' }), { body: { changed: 3 } })
  t.match(await ask({ where: { device: 'Washer', longer_than: 60, finished_after: fromNow(0) }, decision: 'undecided' }), { body: { changed: 3 } })
  t.match(await ask({ where: { device: 'Nowhere' } }), { body: { matched: 0, changed: 0, items: [] } })
  t.match(await ask({ where: {} }), { status: 400, body: { errors: [{ pointer: '/where' }] } })
  t.match(await ask({ where: { devise: 'Washer' } }), { status: 400, body: { errors: [{ pointer: '/where/devise' }] } })
})

t.test('what an older service stored without a look is found, and decided in one request', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  await tenWashes(lab)
  await rows(lab, `
    INSERT INTO step (id, device_id, kind, fct, status, start, finish, created_as, match_version, match_function)
    SELECT gen_random_uuid(), d.id, 'operation', 'wash', 'completed', times.start::timestamptz, times.finish::timestamptz, '', 1, 'f:wash'
    FROM device d, (VALUES ('2031-01-01', '2031-01-02'), ('2018-07-01', '2026-01-01'), ('2018-07-01', '2026-02-01'), ('2025-01-01', '2031-01-01')) AS times (start, finish)`)
  // failed or still running in 2035, and of 0 seconds, where washes take 90: the old Python client wrote such ones when the clock was put back
  await rows(lab, `
    INSERT INTO step (id, device_id, kind, fct, status, start, finish, created_as, match_version, match_function)
    SELECT gen_random_uuid(), d.id, 'operation', 'wash', old.status, old.start::timestamptz, old.finish::timestamptz, '', 1, 'f:wash'
    FROM device d, (VALUES ('failed', '2035-01-01', '2035-01-02'), ('running', '2035-01-01', NULL), ('completed', '2026-10-25 01:00+00', '2026-10-25 01:00+00')) AS old (status, start, finish)`)
  const found = (await findings(lab)).filter(({ code }) => code === 'steps-doubtful')
  t.match(found.map(({ message }) => message), [/^5 steps of Washer have times that cannot be true, but they are used/, /^2 steps of Washer took longer than all reason/])
  t.match(await lab.post('/api/steps/exclusions', { where: { doubtful: true }, reason: 'old' }), { body: { matched: 7, changed: 7 } })
  t.match((await findings(lab)).length, 0)
  t.match(await estimateOf(lab), { sample_size: 10 })
})

t.test('a barcode names the container that bore it when the step began', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const { body: first } = await lab.post('/api/containers', { device: 'Hotel', barcode: 'A' })
  const [{ now }] = await rows(lab, 'SELECT clock_timestamp() AS now') as [{ now: Date }]
  await lab.patch('/api/containers/A', { barcode: 'B' })
  const meant = async (start: string) => (await logged(lab, aStep({ id: randomUUID(), device: 'Hotel', start, finish: null, containers: ['A'] }))).containers[0].id
  t.equal(await meant(now.toISOString()), first.id, 'nothing else bears it now')
  t.equal(await meant(fromNow(0)), null, 'nothing bears it')
  const { body: second } = await lab.post('/api/containers', { device: 'Hotel', barcode: 'A' })
  t.equal(await meant(now.toISOString()), first.id)
  t.equal(await meant(fromNow(0)), second.id)
  const { body: step } = await lab.post('/api/steps', aStep({ device: 'Hotel', start: now.toISOString(), finish: null }))
  t.match((await lab.patch(`/api/steps/${step.id}`, { containers: ['A'], reason: 'it was there' })).body.containers, [{ id: first.id, barcode: 'B', named: 'A' }], 'in a correction, too')
})
