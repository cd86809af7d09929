import { randomUUID } from 'node:crypto'
import t from 'tap'
import { anExperiment, aStep, eventKinds, logged, rows } from '../support/log.ts'
import { at, began, told, warningsOf } from '../support/pauses.ts'
import { aLab, aService } from '../support/service.ts'

// Steps that are paused and resumed while they run.

t.test('the clock of a paused step stands until it is resumed', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { id } = await logged(lab, began(0))
  t.match(await told(lab, `/api/steps/${id}/pause`, { at: at(10), reason: 'the door was open' }),
    { status: 'paused', paused_at: at(10), paused_seconds: 0, active_seconds: null, finish: null, warnings: [], version: 2 })
  t.match(await told(lab, `/api/steps/${id}/resume`, { at: at(25) }), { status: 'running', paused_at: null, paused_seconds: 900, active_seconds: null })
  await told(lab, `/api/steps/${id}/pause`, { at: at(30) })
  await told(lab, `/api/steps/${id}/resume`, { at: at(31) })
  const ended = await told(lab, `/api/steps/${id}/finish`, { finish: at(40) })
  t.match(ended, { status: 'completed', duration_seconds: 2400, paused_seconds: 960, active_seconds: 1440, excluded_from_estimates: null, warnings: [] })
  t.same((await lab.get(`/api/steps/${id}`)).body, ended)
  t.match((await lab.get('/api/steps')).body.items, [{ id, paused_seconds: 960, active_seconds: 1440 }])
  t.match(await rows(lab, 'SELECT sample_seconds FROM step'), [{ sample_seconds: 1440 }])
})

t.test('without a time it is now', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { id } = await logged(lab, began(0))
  const before = Date.now()
  const { paused_at } = await told(lab, `/api/steps/${id}/pause`)
  t.ok(Math.abs(Date.parse(paused_at) - before) < 60_000)
  t.match(await lab.call('POST', `/api/steps/${id}/resume`), { status: 200, body: { status: 'running' } }, 'the body may be left out')
})

t.test('pausing what is paused and resuming what runs changes nothing', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const experiment = await anExperiment(lab)
  const running = await logged(lab, began(0, { experiment_id: experiment.id }))
  for (const path of [`/api/steps/${running.id}`, `/api/experiments/${experiment.id}`]) {
    const { body: before } = await lab.get(path)
    t.same(await told(lab, `${path}/resume`, { at: at(5), reason: 'again' }), before)
    const paused = await told(lab, `${path}/pause`, { at: at(10) })
    t.same(await told(lab, `${path}/pause`, { at: at(20), reason: 'again' }), paused)
    t.same((await lab.get(path)).body, paused)
  }
  t.same((await eventKinds(lab)).slice(-2), ['step-paused', 'experiment-paused'])
})

t.test('what has ended or not begun is neither paused nor resumed', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const created = await anExperiment(lab)
  for (const word of ['pause', 'resume'] as const) {
    const to = word === 'pause' ? 'paused' : 'running'
    for (const status of ['completed', 'failed', 'aborted']) {
      const { id } = await logged(lab, { status })
      t.match(await lab.post(`/api/steps/${id}/${word}`, {}), {
        status: 409, body: { code: 'illegal-transition', from: status, to, allowed: [], detail: new RegExp(`status is ${status}, so it cannot be ${word}d. It has ended`) }
      })
    }
    for (const status of ['completed', 'aborted']) {
      const { id } = await anExperiment(lab)
      await lab.patch(`/api/experiments/${id}`, { status: 'running' })
      await lab.patch(`/api/experiments/${id}`, { status })
      t.match(await lab.post(`/api/experiments/${id}/${word}`, {}), { status: 409, body: { code: 'illegal-transition', from: status, to, allowed: [] } })
    }
    t.match(await lab.post(`/api/experiments/${created.id}/${word}`, {}), { status: 409, body: { code: 'illegal-transition', from: 'created', to, allowed: ['running', 'aborted'], detail: /has not started/ } })
    t.match(await lab.post(`/api/steps/${randomUUID()}/${word}`, {}), { status: 404, body: { code: 'step-not-found', parameter: 'id' } })
    t.match(await lab.post(`/api/experiments/${randomUUID()}/${word}`, {}), { status: 404, body: { code: 'experiment-not-found', parameter: 'id' } })
    for (const [body, pointer] of [[{ at: '2026-03-02T09:00:00' }, '/at'], [{ at: 7 }, '/at'], [{ until: at(3) }, '/until'], [{ reason: '' }, '/reason']] as const) {
      t.match(await lab.post(`/api/steps/${randomUUID()}/${word}`, body), { status: 400, body: { errors: [{ pointer }] } }, pointer)
    }
  }
  t.match(await lab.post('/api/steps', { ...aStep(began(0)), status: 'paused' }), { status: 400, body: { errors: [{ pointer: '/status', detail: /running/ }] } })
})

t.test('a time before the start counts from the start', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { id } = await logged(lab, began(10))
  const early = await told(lab, `/api/steps/${id}/pause`, { at: at(0) })
  t.match(early, { paused_at: at(10) })
  t.same(warningsOf(early), ['clock-skew /active_seconds'])
  t.match(await told(lab, `/api/steps/${id}/resume`, { at: at(20) }), { paused_seconds: 600 })
  t.equal((await told(lab, `/api/steps/${id}/finish`, { finish: at(21) })).excluded_from_estimates, 'clock')
  const close = await logged(lab, began(10))
  t.match(await told(lab, `/api/steps/${close.id}/pause`, { at: at(9.95) }), { paused_at: at(10), warnings: [] }, 'clocks differ by seconds')
  const other = await logged(lab, began(10))
  await told(lab, `/api/steps/${other.id}/pause`, { at: at(0) })
  t.match(await told(lab, `/api/steps/${other.id}/resume`, { at: at(5) }), { paused_seconds: 0 })
})

t.test('the end of a step ends its pause, however it ends', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const paused = async () => {
    const { id } = await logged(lab, began(0))
    await told(lab, `/api/steps/${id}/pause`, { at: at(10) })
    return `/api/steps/${id}`
  }
  t.match(await told(lab, `${await paused()}/finish`, { finish: at(30) }), { status: 'completed', paused_at: null, duration_seconds: 1800, paused_seconds: 1200, active_seconds: 600 })
  t.match(await told(lab, `${await paused()}/finish`, { finish: at(30), status: 'failed' }), { status: 'failed', active_seconds: 600 })
  t.match(await told(lab, `${await paused()}/finish`, { finish: at(5) }), { duration_seconds: 300, paused_seconds: 0, active_seconds: 300 }, 'it ended before the pause')
  t.match((await lab.patch(await paused(), { reason: 'r', finish: at(30) })).body, { status: 'completed', paused_at: null, active_seconds: 600 })
  t.match((await lab.patch(await paused(), { reason: 'r', status: 'aborted' })).body, { status: 'aborted', finish: null, paused_at: null, active_seconds: null })
  t.match(await rows(lab, 'SELECT count(*)::int AS open FROM pause WHERE resumed_at IS NULL'), [{ open: 0 }])
})

t.test('a correction of start or finish counts the pauses again', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { id } = await logged(lab, began(0))
  await told(lab, `/api/steps/${id}/pause`, { at: at(10) })
  t.match(await lab.patch(`/api/steps/${id}`, { reason: 'r', status: 'running' }), { status: 400, body: { errors: [{ pointer: '/status', detail: /resume/ }] } })
  await told(lab, `/api/steps/${id}/resume`, { at: at(20) })
  await told(lab, `/api/steps/${id}/finish`, { finish: at(30) })
  const corrected = async (members: object) => (await lab.patch(`/api/steps/${id}`, { reason: 'r', ...members })).body
  t.match(await corrected({ start: at(15) }), { duration_seconds: 900, paused_seconds: 300, active_seconds: 600 })
  t.match(await corrected({ start: at(25) }), { duration_seconds: 300, paused_seconds: 0, active_seconds: 300 })
  t.match(await corrected({ start: at(0), finish: at(18) }), { duration_seconds: 1080, paused_seconds: 480, active_seconds: 600 })
  t.match(await corrected({ finish: null, status: 'running' }), { duration_seconds: null, paused_seconds: 600, active_seconds: null })
})

t.test('a time that cannot be true is stored, with a warning, and the step is no sample', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const ahead = new Date(Date.now() + 3_600_000).toISOString()
  const cases: [what: string, calls: [word: string, at: string | undefined][], warning: string][] = [
    ['a pause in the future', [['pause', ahead]], 'clock-ahead /paused_at'],
    ['a resume in the future', [['pause', at(10)], ['resume', ahead]], 'clock-ahead /paused_seconds'],
    ['a resume before its pause', [['pause', at(10)], ['resume', at(5)]], 'clock-skew /paused_seconds'],
    ['a pause before the end of the last one', [['pause', at(10)], ['resume', at(20)], ['pause', at(15)], ['resume', at(21)]], 'clock-skew /paused_at']
  ]
  for (const [what, calls, warning] of cases) {
    const { id } = await logged(lab, began(0))
    let step: any
    for (const [word, time] of calls) step = await told(lab, `/api/steps/${id}/${word}`, { at: time })
    t.same(warningsOf(step), [warning], what)
    const ended = await told(lab, `/api/steps/${id}/finish`, { finish: at(30) })
    t.equal(ended.excluded_from_estimates, 'clock', what)
    t.ok(ended.active_seconds >= 0 && ended.active_seconds === ended.duration_seconds - ended.paused_seconds, what)
    t.equal((await lab.patch(`/api/steps/${id}`, { reason: 'seen', exclude_from_estimates: false })).body.excluded_from_estimates, null, 'a person decides')
  }
  t.match(await rows(lab, 'SELECT paused_at, resumed_at FROM pause WHERE ordinal = 1'), [{ paused_at: new Date(at(20)), resumed_at: new Date(at(21)) }], 'no two overlap')
})

t.test('a dry run says what would be and changes nothing', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { id: experiment_id } = await anExperiment(lab)
  const { id } = await logged(lab, began(0, { experiment_id }))
  for (const path of [`/api/steps/${id}`, `/api/experiments/${experiment_id}`]) {
    const { body: before } = await lab.get(path)
    const revision = (await lab.get('/api/lab')).body.revision
    for (const headers of [{}, { 'idempotency-key': randomUUID() }] as Record<string, string>[]) {
      t.match(await lab.post(`${path}/pause?dry_run=true`, { at: at(10) }, headers), { status: 200, body: { status: 'paused', paused_at: at(10) } })
    }
    t.same((await lab.get(path)).body, before)
    await told(lab, `${path}/pause`, { at: at(10) })
    t.match((await lab.post(`${path}/resume?dry_run=true`, { at: at(20) })).body, { status: 'running', paused_seconds: 600 })
    t.match((await lab.get(path)).body, { status: 'paused', paused_seconds: 0 })
    t.equal((await lab.get('/api/lab')).body.revision, revision + 1)
  }
  const { id: ended } = await logged(lab)
  t.match(await lab.post(`/api/steps/${ended}/pause?dry_run=true`, {}), { status: 409, body: { code: 'illegal-transition' } })
})

t.test('a repeated command is answered once more, and If-Match guards it', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { id } = await logged(lab, began(0))
  const key = { 'idempotency-key': randomUUID() }
  const first = await lab.post(`/api/steps/${id}/pause`, { at: at(10) }, key)
  await told(lab, `/api/steps/${id}/resume`, { at: at(20) })
  const again = await lab.post(`/api/steps/${id}/pause`, { at: at(10) }, key)
  t.match(again, { status: 200, headers: { 'idempotency-replayed': 'true' }, text: first.text })
  t.equal((await lab.get(`/api/steps/${id}`)).body.status, 'running')
  t.match(await lab.post(`/api/steps/${id}/pause`, {}, { 'if-match': '"2"' }), { status: 412 })
  t.match(await lab.post(`/api/steps/${id}/pause`, {}, { 'if-match': '"3"' }), { status: 200 })
})

t.test('of many pauses and resumes at once, one of each kind changes something', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { id } = await logged(lab, began(0))
  for (const word of ['pause', 'resume']) {
    const answers = await Promise.all(Array.from({ length: 6 }, () => lab.post(`/api/steps/${id}/${word}`, {})))
    t.same(new Set(answers.map(({ status, body }) => `${status} ${body.version}`)).size, 1)
  }
  t.same((await eventKinds(lab)).slice(-2), ['step-paused', 'step-resumed'])
  t.match(await rows(lab, 'SELECT max(revision)::int AS last, count(DISTINCT revision)::int AS revisions FROM event'), [{ last: 4, revisions: 4 }])
})

t.test('the history has who paused it and why', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const step = await logged(lab, began(0))
  const paused = await told(lab, `/api/steps/${step.id}/pause`, { at: at(10), reason: 'no plate\nin the gripper' })
  const resumed = await told(lab, `/api/steps/${step.id}/resume`, { at: at(20) })
  const { items } = (await lab.get(`/api/steps/${step.id}/history`)).body
  t.match(items, [{ kind: 'step-paused', reason: 'no plate\nin the gripper' }, { kind: 'step-resumed', reason: null }])
  t.same(items.map(({ before, after }: any) => [before, after]), [[step, paused], [paused, resumed]])
  t.match((await lab.get('/api/events?kind=step-paused')).body.items, [{ step_id: step.id, reason: 'no plate\nin the gripper', after: { status: 'paused' } }])
})

t.test('the database itself refuses pauses that overlap, two that are open, and a status that no pause explains', async (t) => {
  const lab = await aService(t)
  const { id } = await logged(lab, began(0))
  await told(lab, `/api/steps/${id}/pause`, { at: at(10) })
  await told(lab, `/api/steps/${id}/resume`, { at: at(20) })
  const add = (ordinal: number, from: number, to: number | null, previous: number | null) => rows(lab,
    "INSERT INTO pause (subject, subject_id, ordinal, paused_at, resumed_at, previous_resumed_at) VALUES ('step', $1, $2, $3, $4, $5)",
    [id, ordinal, at(from), to === null ? null : at(to), previous === null ? null : at(previous)])
  await t.rejects(add(1, 15, 30, 20), /pause_no_overlap/)
  await t.rejects(add(1, 5, 8, 4), /pause_follows_previous/)
  await t.rejects(add(1, 25, 30, null), /pause_names_previous/)
  await t.rejects(add(1, 25, 24, 20), /pause_ends_after_its_start/)
  await t.rejects(add(2, 25, 30, 20), /pause_follows_previous/)
  await t.rejects(rows(lab, 'UPDATE step SET status = $1', ['paused']), /step_paused_since/)
  await add(1, 25, null, 20)
  t.match((await lab.get(`/api/steps/${id}`)).body, { status: 'paused', paused_at: at(25), paused_seconds: 600 }, 'the step follows')
  await t.rejects(add(2, 30, null, 25), /pause_follows_previous/, 'two are open')
  await t.rejects(rows(lab, "UPDATE step SET status = 'completed', finish = now()"), /step_paused_since/)
})

t.test('health tells of no step that is paused, and leaves pauses out of what ran too long', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  for (let n = 0; n < 5; n++) await logged(lab, { data: { fct: 'read' } }, 60)
  const paused = await logged(lab, began(0, { data: { fct: 'read' } }))
  const resumed = await logged(lab, began(0, { data: { fct: 'read' } }))
  const overdue = async () => (await lab.get('/api/lab/health')).body.findings.filter(({ code }: any) => code === 'step-overdue').length
  t.equal(await overdue(), 2)
  for (const { id } of [paused, resumed]) await told(lab, `/api/steps/${id}/pause`, { at: at(0.5) })
  t.equal(await overdue(), 0)
  await told(lab, `/api/steps/${resumed.id}/resume`)
  t.equal(await overdue(), 0)
})

t.test('of a paused step the remaining time stands', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  for (let n = 0; n < 9; n++) await logged(lab, { data: { fct: 'read' } }, 600 + n)
  const { id } = await logged(lab, began(0, { data: { fct: 'read' } }))
  await told(lab, `/api/steps/${id}/pause`, { at: at(5) })
  const asked = async () => (await lab.post('/api/estimates/remaining', { step_ids: [id], confidence: 0.5 })).body.items[0]
  t.match(await asked(), { elapsed_seconds: 300, remaining_seconds: 304, overdue: false, share_longer: 1 })
  t.match(await asked(), { elapsed_seconds: 300, remaining_seconds: 304 })
  await told(lab, `/api/steps/${id}/resume`)
  const { elapsed_seconds } = await asked()
  t.ok(elapsed_seconds >= 300 && elapsed_seconds < 420, String(elapsed_seconds))
})

t.test('a blank reason says nothing, and is refused everywhere', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  await lab.post('/api/containers', { device: 'Reader', barcode: 'P1' })
  const { id } = await logged(lab, began(0))
  const experiment = await anExperiment(lab)
  for (const reason of [' ', '   ', '\n', ' \r\n ']) {
    for (const [path, body] of [
      [`/api/steps/${id}/pause`, {}], [`/api/experiments/${experiment.id}/pause`, {}], ['/api/arrangements', { items: [], missing: ['P1'] }], ['/api/stocktakes', { device: 'Reader', seen: [], apply: true }],
      ['/api/containers/relabel', { labels: [{ container: 'P1', barcode: 'P2' }] }], ['/api/containers/P1/correct', { lidded: true }], ['/api/lab/restore', { at: 1 }], ['/api/steps/exclusions', { where: { device: 'Reader' } }]
    ] as const) {
      t.match(await lab.post(path, { ...body, reason }), { status: 400, body: { errors: [{ pointer: '/reason', detail: /must say something, not only spaces/ }] } }, path)
    }
    t.match(await lab.patch(`/api/steps/${id}`, { status: 'failed', reason }), { status: 400, body: { errors: [{ pointer: '/reason' }] } })
    t.match(await lab.delete(`/api/containers/P1?reason=${encodeURIComponent(reason)}`), { status: 400, body: { errors: [{ parameter: 'reason' }] } })
  }
  t.match(await lab.post('/api/containers/P1/correct', { lidded: true, reason: ' seen\nby Anna ' }), { status: 200 })
})

t.test('a step that was paused all the time is no sample, says so, and can be made none', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const data = { fct: 'read' }
  for (let n = 0; n < 6; n++) await logged(lab, { data }, 90 + n)
  const estimate = async () => (await lab.post('/api/estimates', { step: { device: 'Reader', data }, confidence: 0.99 })).body
  const before = await estimate()
  const whole = { start: at(-100), finish: at(-40), data }
  const throughout = [
    await logged(lab, { ...whole, pauses: [{ paused_at: at(-100), resumed_at: at(-40) }] }),
    await logged(lab, { ...whole, pauses: [{ paused_at: at(-99.96), resumed_at: at(-40.04) }] }),
    await logged(lab, { ...whole, finish: at(-99.9), pauses: [{ paused_at: at(-99.96), resumed_at: at(-99.9) }] })
  ]
  const left = await logged(lab, began(-100, { data }))
  await told(lab, `/api/steps/${left.id}/pause`, { at: at(-100) })
  throughout.push(await told(lab, `/api/steps/${left.id}/finish`, { finish: at(-40) }))
  for (const step of throughout) t.match(step, { excluded_from_estimates: 'paused-throughout', warnings: [{ code: 'paused-throughout', pointer: '/active_seconds', detail: /paused from its start to its finish/ }] })
  t.same(await estimate(), before)
  t.match((await lab.get('/api/steps/statistics')).body.items, [{ count: 10, min_seconds: 90 }])
  t.match((await lab.get('/api/steps?excluded_from_estimates=paused-throughout')).body.items, { length: 4 })
  const finding = async () => (await lab.get('/api/lab/health')).body.findings.filter(({ code }: any) => code === 'steps-excluded')
  t.match(await finding(), [{ message: /^4 steps of Reader were paused from start to finish, so estimates leave them out.*excluded_from_estimates=paused-throughout$/, steps: { length: 4 } }])
  const included = await lab.patch(`/api/steps/${left.id}`, { exclude_from_estimates: false, reason: 'seen' })
  t.match(included, { status: 200, body: { excluded_from_estimates: 'paused-throughout' } }, 'a decision does not make a sample of nothing')
  t.match((await lab.patch(`/api/steps/${left.id}`, { finish: at(-30), reason: 'read in the log' })).body, { excluded_from_estimates: null, active_seconds: 600, warnings: [] }, 'a correction does')
  await lab.post('/api/steps/exclusions', { where: { excluded_from_estimates: 'paused-throughout' }, reason: 'seen' })
  t.same(await finding(), [], 'once decided, nobody is asked again')
  const short = { start: at(-20), finish: at(-20 + 7 / 60), data: { fct: 'scan' }, pauses: [{ paused_at: at(-20 + 3 / 60), resumed_at: at(-20 + 5 / 60) }] }
  t.match(await logged(lab, short), { active_seconds: 5, excluded_from_estimates: null }, 'a short step that was active for most of the time is one')
})
