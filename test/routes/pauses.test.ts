import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { anExperiment, aStep, eventKinds, logged, rows } from '../support/log.ts'
import { aLab, aService, type Service } from '../support/service.ts'
import { repetitions } from '../support/thorough.ts'

// Pauses of steps and of experiments. Times are minutes after an hour ago, so that running steps can be believed.

const origin = Date.now() - 3_600_000
const at = (minutes: number) => new Date(origin + minutes * 60_000).toISOString()
const began = (minutes: number, members: Record<string, unknown> = {}) => ({ start: at(minutes), finish: null, ...members })

/** Sends a command to a step and returns its body. */
async function told (service: Service, path: string, body: object = {}): Promise<any> {
  const answer = await service.post(path, body)
  if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`)
  return answer.body
}
const codes = ({ warnings }: any) => warnings.map(({ code, pointer }: any) => `${code} ${pointer}`)

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
  t.same(codes(early), ['clock-skew /active_seconds'])
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
    t.same(codes(step), [warning], what)
    const ended = await told(lab, `/api/steps/${id}/finish`, { finish: at(30) })
    t.equal(ended.excluded_from_estimates, 'clock', what)
    t.ok(ended.active_seconds >= 0 && ended.active_seconds === ended.duration_seconds - ended.paused_seconds, what)
    t.equal((await lab.patch(`/api/steps/${id}`, { reason: 'seen', exclude_from_estimates: false })).body.excluded_from_estimates, null, 'a person decides')
  }
  t.match(await rows(lab, 'SELECT paused_at, resumed_at FROM pause WHERE ordinal = 1'), [{ paused_at: new Date(at(20)), resumed_at: new Date(at(21)) }], 'no two overlap')
})

t.test('an experiment says that it stood, and its steps go on', async (t) => {
  const lab = await aLab(t, { Reader: 1, Incubator: 1 })
  const { id } = await anExperiment(lab)
  await logged(lab, { start: at(0), finish: at(5), experiment_id: id })
  const incubation = await logged(lab, began(5, { device: 'Incubator', experiment_id: id }))
  t.match(await told(lab, `/api/experiments/${id}/pause`, { at: at(10), reason: 'weekend' }),
    { status: 'paused', paused_at: at(10), paused_seconds: 0, duration_seconds: 300, active_seconds: 300, steps: { running: 1, paused: 0 } })
  t.match((await lab.get(`/api/steps/${incubation.id}`)).body, { status: 'running', paused_at: null })
  await told(lab, `/api/steps/${incubation.id}/finish`, { finish: at(20) })
  t.match((await lab.get('/api/experiments?status=paused')).body.items, [{ id, duration_seconds: 1200, active_seconds: 600 }])
  await logged(lab, { start: at(38), finish: at(40), experiment_id: id })
  t.match((await lab.get(`/api/experiments/${id}`)).body, { status: 'paused' }, 'a step that is logged does not resume it')
  t.match(await told(lab, `/api/experiments/${id}/resume`, { at: at(35) }), { status: 'running', paused_at: null, paused_seconds: 1500, duration_seconds: 2400, active_seconds: 900 })
  await lab.patch(`/api/experiments/${id}`, { status: 'completed' })
  t.match((await lab.get('/api/experiments')).body.items, [{ status: 'completed', paused_seconds: 1500, active_seconds: 900 }])
  t.match((await lab.get(`/api/steps/${incubation.id}`)).body, { active_seconds: 900, paused_seconds: 0 })
})

t.test('an experiment is paused and resumed by PATCH as well, and its end ends its pause', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { id } = await anExperiment(lab, { metadata: { a: 1 } })
  await lab.patch(`/api/experiments/${id}`, { status: 'running' })
  t.match((await lab.patch(`/api/experiments/${id}`, { status: 'paused', name: 'n' })).body, { status: 'paused', name: 'n', paused_at: /Z$/ })
  t.match((await lab.patch(`/api/experiments/${id}`, { status: 'running' })).body, { status: 'running', paused_at: null })
  await told(lab, `/api/experiments/${id}/pause`)
  t.match((await lab.patch(`/api/experiments/${id}`, { status: 'aborted' })).body, { status: 'aborted', paused_at: null, active_seconds: null })
  t.same((await eventKinds(lab)).filter((kind) => kind.startsWith('experiment')), ['experiment-created', 'experiment-updated', 'experiment-paused', 'experiment-resumed', 'experiment-paused', 'experiment-updated'])
})

t.test('an experiment with a pause that cannot be true is no sample for its process, and other changes keep its warnings', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const experiment = await anExperiment(lab)
  await logged(lab, { start: at(0), finish: at(5), experiment_id: experiment.id })
  await told(lab, `/api/experiments/${experiment.id}/pause`, { at: at(4) })
  t.same(codes(await told(lab, `/api/experiments/${experiment.id}/resume`, { at: at(1) })), ['clock-skew /paused_seconds'])
  t.same(codes((await lab.patch(`/api/experiments/${experiment.id}`, { metadata: { a: 1 }, status: 'completed' })).body), ['clock-skew /paused_seconds'])
  t.match((await lab.get(`/api/processes/${experiment.process_id}/duration`)).body, { sample_size: 0 })
})

t.test('while its steps are paused and no other one is active, an experiment stands still', async (t) => {
  const lab = await aLab(t, { Reader: 1, Washer: 1 })
  const { id } = await anExperiment(lab)
  const first = await logged(lab, began(0, { experiment_id: id }))
  const second = await logged(lab, began(5, { device: 'Washer', experiment_id: id }))
  for (const step of [first, second]) await told(lab, `/api/steps/${step.id}/pause`, { at: at(10) })
  await told(lab, `/api/steps/${second.id}/resume`, { at: at(20) })
  await told(lab, `/api/steps/${first.id}/resume`, { at: at(25) })
  await told(lab, `/api/steps/${second.id}/finish`, { finish: at(30) })
  await told(lab, `/api/steps/${first.id}/finish`, { finish: at(40) })
  t.match((await lab.get(`/api/experiments/${id}`)).body, { duration_seconds: 2400, paused_seconds: 0, active_seconds: 1800 }, 'both stood for ten minutes')
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

t.test('a step that is told three days late is believed when its pauses explain the time, or when its finish is known', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const day = 24 * 60
  const behind = ['clock-behind /start']
  const experiment = await anExperiment(lab)
  const late = async () => await logged(lab, began(-3 * day, { experiment_id: experiment.id, data: { fct: 'read' } }))
  const times = async () => (await lab.get(`/api/experiments/${experiment.id}`)).body

  const paused = await late()
  t.same(codes(paused), behind)
  t.match(await times(), { first_start: null })
  t.same(codes(await told(lab, `/api/steps/${paused.id}/pause`, { at: at(-3 * day + 10) })), [], 'a pause that lasts explains it')
  t.same(codes(await told(lab, `/api/steps/${paused.id}/resume`, { at: at(-10) })), [])
  t.match(await times(), { first_start: at(-3 * day) })
  t.match(await told(lab, `/api/steps/${paused.id}/finish`), { excluded_from_estimates: null, warnings: [], paused_seconds: (3 * day - 20) * 60 })

  const short = await late()
  await told(lab, `/api/steps/${short.id}/pause`, { at: at(-3 * day + 10) })
  t.same(codes(await told(lab, `/api/steps/${short.id}/resume`, { at: at(-3 * day + 70) })), behind, 'an hour does not explain three days')
  t.match(await told(lab, `/api/steps/${short.id}/finish`), { excluded_from_estimates: 'clock' }, 'without a finish nobody knows how long it took')

  const known = await late()
  t.match(await told(lab, `/api/steps/${known.id}/finish`, { finish: at(-3 * day + 2) }), { excluded_from_estimates: null, warnings: [], active_seconds: 120 })
  t.match(await told(lab, `/api/steps/${(await late()).id}/finish`, { finish: at(-1) }), { excluded_from_estimates: 'clock' }, 'a finish three days after the start explains nothing')
  const again = await late()
  const { status, body } = await lab.post('/api/steps', { id: again.id, device: again.device, kind: again.kind, start: again.start, finish: at(-3 * day + 3), data: again.data, experiment_id: experiment.id })
  t.match({ status, body }, { status: 200, body: { status: 'completed', excluded_from_estimates: null, warnings: [] } }, 'also when it is logged again')
  const corrected = await late()
  t.match((await lab.patch(`/api/steps/${corrected.id}`, { finish: at(-3 * day + 4), reason: 'read in the log' })).body, { status: 'completed', excluded_from_estimates: null, warnings: [] }, 'also when it is corrected')
  t.match(await lab.patch(`/api/steps/${corrected.id}`, { finish: null, status: 'running', reason: 'it goes on' }), { body: { warnings: [{ code: 'clock-behind' }] } })
})

t.test('pauses that were over before anybody told the step are told with it', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const weekend = { paused_at: at(-4000), resumed_at: at(-100) }
  const pauses = [weekend, { paused_at: at(-90), resumed_at: at(-85) }]
  const step = await logged(lab, { start: at(-4010), finish: at(-80), pauses })
  t.match(step, { status: 'completed', duration_seconds: 3930 * 60, paused_seconds: 3905 * 60, active_seconds: 25 * 60, excluded_from_estimates: null, warnings: [], version: 1 })
  t.match(await rows(lab, 'SELECT sample_seconds FROM step'), [{ sample_seconds: 25 * 60 }])
  t.same((await lab.get(`/api/steps/${step.id}`)).body, step)
  t.match((await lab.patch(`/api/steps/${step.id}`, { reason: 'read in the log', start: at(-200) })).body, { paused_seconds: 105 * 60, active_seconds: 15 * 60 }, 'a correction counts them again')
  const none = await logged(lab, { pauses: [] })
  t.match(none, { paused_seconds: 0, active_seconds: 10 })
})

t.test('a whole run that is told afterwards says that it stood', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { id } = await anExperiment(lab)
  const weekend = { paused_at: at(-4000), resumed_at: at(-100) }
  const steps = [
    aStep({ start: at(-4010), finish: at(-4005), experiment_id: id }),
    aStep({ start: at(-4004), finish: at(-90), experiment_id: id, pauses: [weekend] }),
    aStep({ start: at(-88), finish: at(-80), experiment_id: id })
  ]
  t.match(await lab.post('/api/steps/batch', { steps }), { status: 201 })
  t.match((await lab.get(`/api/experiments/${id}`)).body, { duration_seconds: 3930 * 60, active_seconds: 30 * 60 })
  const other = (await anExperiment(lab)).id
  await lab.post('/api/steps/batch', { steps: steps.map(({ pauses, ...step }: any) => ({ ...step, experiment_id: other })) })
  await told(lab, `/api/experiments/${other}/pause`, { at: weekend.paused_at })
  t.match(await told(lab, `/api/experiments/${other}/resume`, { at: weekend.resumed_at }), { active_seconds: 30 * 60, warnings: [] }, 'also when the experiment stood')
})

t.test('told again with its pauses, a step takes those, and a repetition changes nothing', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const id = randomUUID()
  const step = { id, device: 'Reader', start: at(0) }
  await lab.post('/api/steps', step)
  await told(lab, `/api/steps/${id}/pause`, { at: at(10) })
  const ending = { ...step, finish: at(40), pauses: [{ paused_at: at(5), resumed_at: at(15) }, { paused_at: at(20), resumed_at: at(30) }] }
  const again = async (members: object = {}) => await lab.post('/api/steps', { ...ending, ...members })
  t.match(await again(), { status: 200, body: { status: 'completed', paused_at: null, paused_seconds: 1200, active_seconds: 1200, warnings: [] } })
  t.match(await again(), { status: 200, body: { paused_seconds: 1200, version: 3, warnings: [] } })
  t.match(await again({ pauses: [{ paused_at: at(5), resumed_at: at(16) }] }), { status: 200, body: { paused_seconds: 1200, warnings: [{ code: 'differs-from-stored', pointer: '/pauses' }] } })
  const lasting = { ...step, id: randomUUID() }
  await lab.post('/api/steps', lasting)
  await told(lab, `/api/steps/${lasting.id}/pause`, { at: at(10) })
  t.match(await lab.post('/api/steps', { ...lasting, finish: at(40) }), { body: { paused_seconds: 1800 } }, 'without pauses, those that were told count')
})

t.test('pauses that contradict each other or the step are refused with the place, and what is outside of the step does not count', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const step = (pauses: object[], members: object = {}) => aStep({ start: at(0), finish: at(40), pauses, ...members })
  for (const [body, pointer, detail] of [
    [step([{ paused_at: at(9), resumed_at: at(8) }]), '/pauses/0/resumed_at', /must not be before `paused_at`/],
    [step([{ paused_at: at(1), resumed_at: at(8) }, { paused_at: at(7), resumed_at: at(9) }]), '/pauses/1/paused_at', /in their order/],
    [step([{ paused_at: at(1), resumed_at: at(8) }], { finish: null }), '/pauses', /POST \/api\/steps\/{id}\/pause/],
    [step([{ paused_at: at(1) }]), '/pauses/0/resumed_at', /is required/],
    [step([{ paused_at: 'x', resumed_at: at(8) }]), '/pauses/0/paused_at', /./]
  ] as const) {
    t.match(await lab.post('/api/steps', body), { status: 400, body: { errors: [{ pointer, detail }] } }, pointer)
    t.match(await lab.post('/api/steps/batch', { steps: [aStep(), body] }), { status: 400, body: { errors: [{ pointer: `/steps/1${pointer}` }] } }, pointer)
  }
  t.match((await lab.get('/api/steps')).body.items, { length: 0 })
  const early = await logged(lab, step([{ paused_at: '2018-01-01T00:00:00Z', resumed_at: at(39.9995) }]))
  t.match(early, { excluded_from_estimates: 'clock' }, 'a tiny rest is no sample')
  t.same(codes(early), ['clock-skew /active_seconds', 'paused-throughout /active_seconds'])
  t.match(await logged(lab, step([{ paused_at: at(30), resumed_at: at(45) }])), { paused_seconds: 600, excluded_from_estimates: 'clock' })
  t.match(await logged(lab, step([{ paused_at: at(30), resumed_at: at(40.05) }])), { paused_seconds: 600, excluded_from_estimates: null }, 'clocks differ by seconds')
})

t.test('an experiment without steps is paused from its creation on, and health tells of a pause that is ahead', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const running = async () => {
    const { id, created_at } = await anExperiment(lab)
    await lab.patch(`/api/experiments/${id}`, { status: 'running' })
    return { path: `/api/experiments/${id}`, id, created_at }
  }
  const early = await running()
  const paused = await told(lab, `${early.path}/pause`, { at: '2018-01-01T00:00:00Z' })
  t.equal(paused.paused_at, early.created_at)
  t.same(codes(paused), ['clock-skew /paused_at'])
  const findings = async () => (await lab.get('/api/lab/health')).body.findings.filter(({ code }: any) => code === 'experiment-paused-ahead')
  t.same(await findings(), [])
  const ahead = await running()
  t.same(codes(await told(lab, `${ahead.path}/pause`, { at: '2036-01-01T00:00:00Z' })), ['clock-ahead /paused_at'])
  t.match(await findings(), [{ severity: 'warning', message: new RegExp(`${ahead.id}.*2036-01-01T00:00:00\\.000Z.*resume`) }])
  await told(lab, `${ahead.path}/resume`)
  t.same(await findings(), [])
})

t.test('a pause of a time to come never was, once it is resumed', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { id } = await anExperiment(lab)
  await logged(lab, { start: at(5), finish: at(6), experiment_id: id })
  await told(lab, `/api/experiments/${id}/pause`, { at: at(7) })
  await told(lab, `/api/experiments/${id}/resume`, { at: at(8) })
  await told(lab, `/api/experiments/${id}/pause`, { at: '2096-01-01T00:00:00Z' })
  t.match(await told(lab, `/api/experiments/${id}/resume`, { at: at(20) }), { status: 'running', paused_seconds: 60 })
  t.match(await told(lab, `/api/experiments/${id}/pause`, { at: at(30) }), { paused_at: at(30) }, 'the next pause has its true time')
})

t.test('pauses that are told one by one, with the finish, or anew with the finish make the same step', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const times = fc.uniqueArray(fc.constantFrom(-5, -1, 0, 0.05, 5, 9.95, 10, 10.05, 15, 20), { minLength: 0, maxLength: 6 }).map((minutes) => minutes.sort((a, b) => a - b))
  const told = ['status', 'paused_at', 'paused_seconds', 'active_seconds', 'duration_seconds', 'excluded_from_estimates', 'warnings']
  await fc.assert(fc.asyncProperty(times, times, async (minutes, others) => {
    const pausesOf = (some: number[]) => Array.from({ length: some.length >> 1 }, (_, index) => ({ paused_at: at(some[2 * index]!), resumed_at: at(some[2 * index + 1]!) }))
    const pauses = pausesOf(minutes)
    const paused = async (id: string, some: typeof pauses) => {
      for (const { paused_at, resumed_at } of some) {
        await lab.post(`/api/steps/${id}/pause`, { at: paused_at })
        await lab.post(`/api/steps/${id}/resume`, { at: resumed_at })
      }
    }
    const whole = { device: 'Reader', start: at(0), finish: at(10) }
    const oneByOne = await logged(lab, { ...whole, finish: null })
    await paused(oneByOne.id, pauses)
    const finished = (await lab.post(`/api/steps/${oneByOne.id}/finish`, { finish: whole.finish })).body
    const { body: atOnce } = await lab.post('/api/steps', { ...whole, pauses })
    const id = randomUUID()
    await logged(lab, { ...whole, id, finish: null })
    await paused(id, pausesOf(others))
    const { body: anew } = await lab.post('/api/steps', { ...whole, id, pauses })
    const seen = (step: any) => Object.fromEntries(told.map((member) => [member, step[member]]))
    t.same(seen(atOnce), seen(finished))
    t.same(seen(anew), seen(finished), 'what was told before is replaced, also by an empty list')
    t.equal(atOnce.duration_seconds - atOnce.paused_seconds, atOnce.active_seconds)
    if (atOnce.excluded_from_estimates === null) t.ok(atOnce.active_seconds > 5 || atOnce.active_seconds > atOnce.paused_seconds, 'a sample was active')
  }), { numRuns: repetitions({ quick: 15, thorough: 60 }) })
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

t.test('an experiment counts its pauses within its first start and its last finish, and one that stood all the time is no sample', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { id, process_id } = await anExperiment(lab)
  await logged(lab, { start: at(0), finish: at(20), experiment_id: id })
  await told(lab, `/api/experiments/${id}/pause`, { at: at(-100) })
  await told(lab, `/api/experiments/${id}/resume`, { at: at(5) })
  await told(lab, `/api/experiments/${id}/pause`, { at: at(15) })
  await told(lab, `/api/experiments/${id}/resume`, { at: at(40) })
  const { body: ended } = await lab.patch(`/api/experiments/${id}`, { status: 'completed' })
  t.match(ended, { duration_seconds: 1200, paused_seconds: 600, active_seconds: 600 })
  t.same((await lab.get(`/api/experiments/${id}`)).body, ended)
  const other = (await lab.post('/api/experiments', { process_id })).body.id
  await logged(lab, { start: at(0), finish: at(20), experiment_id: other })
  await told(lab, `/api/experiments/${other}/pause`, { at: at(0) })
  await told(lab, `/api/experiments/${other}/resume`, { at: at(30) })
  t.match((await lab.patch(`/api/experiments/${other}`, { status: 'completed' })).body, { duration_seconds: 1200, paused_seconds: 1200, active_seconds: 0 })
  t.match((await lab.get(`/api/processes/${process_id}/duration`)).body, { sample_size: 0 }, 'the pause of the first began before its start, the second stood all the time')
})
