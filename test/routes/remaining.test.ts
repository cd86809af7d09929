import t from 'tap'
import { aLab, type Service } from '../support/service.ts'
import { lasting } from '../support/times.ts'

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
const read = { device: 'Reader', data: { fct: 'read' } }

/** A lab with n finished read steps, which took 1, 2, ... n minutes. */
async function aReader (t: Parameters<typeof aLab>[0], n: number): Promise<Service> {
  const lab = await aLab(t, { Reader: 1 })
  const minutes = Array.from({ length: n }, (_, index) => index + 1)
  const steps = minutes.map((minute, index) => {
    const start = Date.parse('2026-01-01T00:00:00Z') + index * 7200_000
    return { ...read, start: new Date(start).toISOString(), finish: new Date(start + minute * 60_000).toISOString() }
  })
  await lab.post('/api/steps/batch', { steps })
  return lab
}

t.test('the remaining time of a running step', async (t) => {
  const lab = await aReader(t, 40)

  await t.test('rests on the comparable steps that took longer than the time elapsed', async (t) => {
    const { body: step } = await lab.post('/api/steps', { ...read, start: ago(20.5 * 60) })
    const { status, body: { items: [answer] } } = await lab.post('/api/estimates/remaining', { step_ids: [step.id], confidence: 0.8 })
    t.equal(status, 200)
    // 20 samples took longer: 21 to 40 minutes. At 0.8 the 17th of these 20 is the bound.
    t.ok(Math.abs(answer.elapsed_seconds + answer.remaining_seconds - answer.estimate.margin_seconds - 37 * 60) < 1, JSON.stringify(answer))
    t.match(answer, { step_id: step.id, overdue: false, share_longer: 21 / 41, estimate: { sample_size: 40, duration_seconds: Number } })
  })

  await t.test('is unknown beyond all history: the step is overdue, and how unusual that is is told', async (t) => {
    const { body: step } = await lab.post('/api/steps', { ...read, start: ago(50 * 60) })
    t.match(await lab.post('/api/estimates/remaining', { step_ids: [step.id] }), { body: { items: [{ overdue: true, remaining_seconds: null, share_longer: 1 / 41 }] } })
  })

  await t.test('of something that was never done is null', async (t) => {
    const { body: step } = await lab.post('/api/steps', { device: 'Reader', data: { fct: 'new' }, start: ago(60) })
    t.match(await lab.post('/api/estimates/remaining', { step_ids: [step.id] }), { body: { items: [{ overdue: false, remaining_seconds: null, share_longer: null }] } })
  })

  await t.test('of a commanded time without history is what is left of it', async (t) => {
    const { body: step } = await lab.post('/api/steps', { device: 'Reader', data: { fct: 'incubate', duration: 600 }, start: ago(200) })
    const { body: { items: [answer] } } = await lab.post('/api/estimates/remaining', { step_ids: [step.id] })
    t.ok(Math.abs(answer.remaining_seconds - 400) < 5)
  })

  await t.test('of a commanded time has the spread of the overhead, not of the whole', async (t) => {
    const incubate = (members: object) => ({ device: 'Incubator', data: { fct: 'incubate', duration: 3600 }, ...members })
    await lab.post('/api/steps', incubate({ start: '2026-01-01T00:00:00Z', finish: '2026-01-01T01:00:05Z' }))
    const ask = async () => {
      const { body: step } = await lab.post('/api/steps', incubate({ start: ago(1) }))
      const { body: { items: [answer] } } = await lab.post('/api/estimates/remaining', { step_ids: [step.id] })
      await lab.post(`/api/steps/${step.id}/finish`, { status: 'aborted' })
      return answer
    }
    const first = await ask()
    t.ok(first.elapsed_seconds + first.remaining_seconds < 3610, JSON.stringify(first))
    await lab.post('/api/steps/batch', { steps: Array.from({ length: 40 }, (_, n) => incubate({ start: `2026-02-01T00:00:${10 + n % 7}Z`, finish: `2026-02-01T01:00:${17 + n}Z` })) })
    const later = await ask()
    t.equal(Math.round(1000 * (later.elapsed_seconds + later.remaining_seconds)), Math.round(1000 * later.estimate.duration_seconds), 'nothing has elapsed that another step did not exceed')
  })

  await t.test('of a step whose start cannot be true counts from when it was told', async (t) => {
    const { body: step } = await lab.post('/api/steps', { ...read, start: '2018-01-01T00:00:00Z' })
    const { body: { items: [answer] } } = await lab.post('/api/estimates/remaining', { step_ids: [step.id] })
    t.match(answer, { overdue: false, estimate: { warnings: [{ code: 'start-in-doubt' }] } })
    t.ok(answer.elapsed_seconds < 60)
  })

  await t.test('is asked for all running steps of an experiment at once', async (t) => {
    const { body: process } = await lab.post('/api/processes', { name: 'p', source: 's' })
    const { body: experiment } = await lab.post('/api/experiments', { process_id: process.id })
    await lab.post('/api/steps', { ...read, start: ago(60), experiment_id: experiment.id })
    await lab.post('/api/steps', { ...read, start: ago(120), experiment_id: experiment.id })
    await lab.post('/api/steps', { ...read, ...lasting(300, 300), experiment_id: experiment.id })
    const { body: { items } } = await lab.post('/api/estimates/remaining', { experiment_id: experiment.id })
    t.equal(items.length, 2)
    t.ok(items[0].elapsed_seconds > items[1].elapsed_seconds)
    const { body: other } = await lab.post('/api/experiments', { process_id: process.id })
    t.strictSame((await lab.post('/api/estimates/remaining', { experiment_id: other.id })).body, { items: [] })
  })

  await t.test('is refused for steps that ended or are unknown, and for a question that is not clear', async (t) => {
    const nothing = '0199f2f4-0000-7000-8000-000000000000'
    const { body: step } = await lab.post('/api/steps', { ...read, start: ago(60) })
    const { body: ended } = await lab.post('/api/steps', { ...read, ...lasting(30, 30) })
    t.match(await lab.post('/api/estimates/remaining', { step_ids: [step.id, ended.id] }), { status: 409, body: { code: 'step-ended', pointer: '/step_ids/1' } })
    t.match(await lab.post('/api/estimates/remaining', { step_ids: [nothing] }), { status: 404, body: { code: 'step-not-found', pointer: '/step_ids/0' } })
    t.match(await lab.post('/api/estimates/remaining', { experiment_id: nothing }), { status: 404, body: { code: 'experiment-not-found' } })
    t.match(await lab.post('/api/estimates/remaining', {}), { status: 400 })
    t.match(await lab.post('/api/estimates/remaining', { step_ids: [step.id], experiment_id: nothing }), { status: 400 })
    t.match(await lab.post('/api/estimates/remaining', { step_ids: [] }), { status: 400, body: { errors: [{ pointer: '/step_ids' }] } })
  })
})

t.test('how long a run of a process takes', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { body: process } = await lab.post('/api/processes', { name: 'p', source: 's' })
  const path = `/api/processes/${process.id}/duration`
  t.match(await lab.get(path), { status: 200, body: { process_id: process.id, duration_seconds: null, method: 'none', sample_size: 0, warnings: [{ code: 'no-history' }] } })

  /** A run of two steps. `minutes` is the time from its start to its end, `hoursAgo` tells when it ended. */
  async function aRun (minutes: number, hoursAgo: number, status?: string, running = false): Promise<void> {
    const { body: experiment } = await lab.post('/api/experiments', { process_id: process.id })
    const finish = Date.now() - hoursAgo * 3600_000
    const start = finish - minutes * 60_000
    const at = (time: number) => new Date(time).toISOString()
    await lab.post('/api/steps/batch', { steps: [
      { ...read, start: at(start), finish: at(start + 1000), experiment_id: experiment.id },
      { ...read, start: at(finish - 1000), finish: at(finish), experiment_id: experiment.id },
      ...running ? [{ ...read, start: at(finish), experiment_id: experiment.id }] : []
    ] })
    if (status !== undefined) await lab.patch(`/api/experiments/${experiment.id}`, { status })
  }
  await t.test('is not asked of simulations and of runs in which a step failed', async (t) => {
    for (const members of [{ is_simulation: true }, { status: 'failed' }, { status: 'aborted' }]) {
      const { body: experiment } = await lab.post('/api/experiments', { process_id: process.id })
      await lab.post('/api/steps', { ...read, ...lasting(2, 600), experiment_id: experiment.id, ...members })
      await lab.patch(`/api/experiments/${experiment.id}`, { status: 'completed' })
    }
    t.match(await lab.get(path), { body: { duration_seconds: null, sample_size: 0 } })
  })

  for (const minutes of [10, 11, 12, 13]) await aRun(minutes, 100 - minutes)
  await aRun(14, 0.1, 'completed')
  await aRun(90, 5, 'aborted')
  await aRun(91, 0.5)
  await aRun(92, 3, undefined, true)

  const { body } = await lab.get(`${path}?confidence=0.8`)
  t.match(body, { method: 'rank', sample_size: 5, duration_seconds: 14 * 60, median_seconds: 12 * 60, confidence: 0.8 },
    'completed runs count, and those that have been quiet for an hour; aborted, recent and running ones do not')
  t.match(await lab.get(path), { body: { method: 'substitute', confidence: 0.95 } })
  t.match(await lab.get(`${path}?confidence=1`), { status: 400, body: { errors: [{ parameter: 'confidence' }] } })
  t.match(await lab.get('/api/processes/0199f2f4-0000-7000-8000-000000000000/duration'), { status: 404, body: { code: 'process-not-found' } })
})

t.test('the newest runs are those that ran last, whatever their ids', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { body: process } = await lab.post('/api/processes', { name: 'p', source: 's' })
  /** So many completed runs of these seconds, with ids that sort as the letter does. */
  async function runs (letter: string, count: number, seconds: number, hoursAgo: number): Promise<void> {
    const ids = Array.from({ length: count }, (_, n) => `${letter.repeat(8)}-0000-4000-8000-${String(n).padStart(12, '0')}`)
    for (const id of ids) await lab.post('/api/experiments', { id, process_id: process.id })
    await lab.post('/api/steps/batch', { steps: ids.map((experiment_id, n) => ({ ...read, ...lasting(seconds, hoursAgo * 3600 - n - seconds), experiment_id })) })
    for (const id of ids) await lab.patch(`/api/experiments/${id}`, { status: 'completed' })
  }
  await runs('f', 210, 1000, 1000)
  await runs('a', 60, 100, 10)
  t.match((await lab.get(`/api/processes/${process.id}/duration?confidence=0.8`)).body, { duration_seconds: 100, sample_size: 50 })
})
