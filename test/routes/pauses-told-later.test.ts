import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { anExperiment, aStep, logged, rows } from '../support/log.ts'
import { at, began, told, warningsOf } from '../support/pauses.ts'
import { aLab } from '../support/service.ts'
import { repetitions } from '../support/thorough.ts'

// Pauses that were over before anybody told the step.

t.test('a step that is told three days late is believed when its pauses explain the time, or when its finish is known', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const day = 24 * 60
  const behind = ['clock-behind /start']
  const experiment = await anExperiment(lab)
  const late = async () => await logged(lab, began(-3 * day, { experiment_id: experiment.id, data: { fct: 'read' } }))
  const times = async () => (await lab.get(`/api/experiments/${experiment.id}`)).body

  const paused = await late()
  t.same(warningsOf(paused), behind)
  t.match(await times(), { first_start: null })
  t.same(warningsOf(await told(lab, `/api/steps/${paused.id}/pause`, { at: at(-3 * day + 10) })), [], 'a pause that lasts explains it')
  t.same(warningsOf(await told(lab, `/api/steps/${paused.id}/resume`, { at: at(-10) })), [])
  t.match(await times(), { first_start: at(-3 * day) })
  t.match(await told(lab, `/api/steps/${paused.id}/finish`), { excluded_from_estimates: null, warnings: [], paused_seconds: (3 * day - 20) * 60 })

  const short = await late()
  await told(lab, `/api/steps/${short.id}/pause`, { at: at(-3 * day + 10) })
  t.same(warningsOf(await told(lab, `/api/steps/${short.id}/resume`, { at: at(-3 * day + 70) })), behind, 'an hour does not explain three days')
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
  t.same(warningsOf(early), ['clock-skew /active_seconds', 'paused-throughout /active_seconds'])
  t.match(await logged(lab, step([{ paused_at: at(30), resumed_at: at(45) }])), { paused_seconds: 600, excluded_from_estimates: 'clock' })
  t.match(await logged(lab, step([{ paused_at: at(30), resumed_at: at(40.05) }])), { paused_seconds: 600, excluded_from_estimates: null }, 'clocks differ by seconds')
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
