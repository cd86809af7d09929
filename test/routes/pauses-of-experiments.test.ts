import t from 'tap'
import { anExperiment, aStep, eventKinds, logged } from '../support/log.ts'
import { at, began, told, warningsOf } from '../support/pauses.ts'
import { aLab } from '../support/service.ts'

// Experiments that are paused, and those that stand still because their steps are.

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
  t.same(warningsOf(await told(lab, `/api/experiments/${experiment.id}/resume`, { at: at(1) })), ['clock-skew /paused_seconds'])
  t.same(warningsOf((await lab.patch(`/api/experiments/${experiment.id}`, { metadata: { a: 1 }, status: 'completed' })).body), ['clock-skew /paused_seconds'])
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
  t.same(warningsOf(paused), ['clock-skew /paused_at'])
  const findings = async () => (await lab.get('/api/lab/health')).body.findings.filter(({ code }: any) => code === 'experiment-paused-ahead')
  t.same(await findings(), [])
  const ahead = await running()
  t.same(warningsOf(await told(lab, `${ahead.path}/pause`, { at: '2036-01-01T00:00:00Z' })), ['clock-ahead /paused_at'])
  t.match(await findings(), [{ severity: 'warning', message: new RegExp(`${ahead.id}.*2036-01-01T00:00:00\\.000Z.*resume`) }])
  await told(lab, `${ahead.path}/resume`)
  t.same(await findings(), [])
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
