import { randomUUID } from 'node:crypto'
import t from 'tap'
import { anExperiment } from '../support/log.ts'
import { aLab, type Service } from '../support/service.ts'

let now = 0
t.beforeEach(() => { now = Date.now() })
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString()
const wash = (from: number, to: number | null, more: object = {}) => ({ id: randomUUID(), device: 'Washer', data: { fct: 'wash' }, start: ago(from), ...to === null ? {} : { finish: ago(to) }, ...more })
const later = (time: string, seconds: number) => new Date(Date.parse(time) + seconds * 1000).toISOString()

const log = async (service: Service, ...steps: object[]) => await service.post('/api/steps/batch', { steps })
const timeline = async (service: Service, id: string, query = '') => (await service.get(`/api/experiments/${id}/timeline${query}`)).body
const estimated = async (service: Service, step: object) => (await service.post('/api/estimates', { step })).body

t.test('each step has what was predicted when its experiment began, and not what is known since', async (t) => {
  const service = await aLab(t, { Washer: 1, Reader: 1 })
  await log(service, ...[10, 11, 12, 13, 14, 15, 16, 17, 18, 20].map((seconds) => wash(3600, 3600 - seconds)))
  const then = await estimated(service, { device: 'Washer', data: { fct: 'wash' } })
  const experiment = await anExperiment(service, { name: 'run' })
  const mine = { experiment_id: experiment.id }
  const steps = [wash(600, 585, mine), wash(500, 400, mine), { ...wash(390, 380, mine), device: 'Reader', data: { fct: 'read' } }, wash(30, null, mine)]
  await log(service, ...steps, ...[100, 110, 120].map((seconds) => wash(400, 400 - seconds)))
  const since = await estimated(service, { device: 'Washer', data: { fct: 'wash' } })
  t.ok(since.duration_seconds > then.duration_seconds, 'more is known since')

  const seen = await timeline(service, experiment.id)
  t.match(seen, { status: 'running', began_at: ago(600), truncated: false, predicted: null, expected_finish: null, bound_finish: null })
  t.same(seen.items.map(({ step }: { step: { id: string } }) => step.id), steps.map(({ id }) => id), 'oldest first')
  const predicted = { median_seconds: then.median_seconds, bound_seconds: then.duration_seconds, method: then.method, level: 'parameters', sample_size: 10 }
  t.same(seen.items.map((item: { predicted: object }) => item.predicted), [predicted, predicted, null, predicted])
  t.match(seen.items[1].step, { device: 'Washer', fct: 'wash', status: 'completed', duration_seconds: 100, active_seconds: 100, containers: [], origin: null })
  t.match(seen.items[3].step, { status: 'running', finish: null })
  const bound = (await timeline(service, experiment.id, '?confidence=0.5')).items[0].predicted.bound_seconds
  t.ok(bound < predicted.bound_seconds, 'at the confidence that was asked for')
})

t.test('what an orchestrator was told when it began is what the timeline says afterwards', async (t) => {
  const service = await aLab(t, { Washer: 1, Arm: 1, Hotel: 4 })
  const move = (from: number, to: number | null, more: object = {}) => ({
    id: randomUUID(), kind: 'move', device: 'Arm', origin: { device: 'Hotel', position: 1 }, destination: { device: 'Washer', position: 0 }, start: ago(from), ...to === null ? {} : { finish: ago(to) }, ...more
  })
  const soak = { data: { fct: 'incubate', duration: 60 } }
  await log(service, ...[62, 63, 64].map((seconds) => wash(3600, 3600 - seconds, soak)), ...[5, 6, 7, 8].map((seconds) => move(3600, 3600 - seconds)))
  const planned = [{ device: 'Washer', data: { fct: 'incubate', duration: 600 } }, { kind: 'move', device: 'Arm', origin: { device: 'Hotel', position: 1 }, destination: { device: 'Washer', position: 0 } }]
  const { body: { estimates } } = await service.post('/api/estimates/batch', { steps: planned })
  const experiment = await anExperiment(service)
  const mine = { experiment_id: experiment.id }
  await log(service, move(100, 90, mine), wash(90, null, { ...mine, data: { fct: 'incubate', duration: 600 } }))
  const { items } = await timeline(service, experiment.id)
  t.match(items.map((item: { predicted: object }) => item.predicted), [estimates[1], estimates[0]].map(({ median_seconds, duration_seconds: bound_seconds, method, level, sample_size }) =>
    ({ median_seconds, bound_seconds, method, level, sample_size })))
  t.match(items[0].step, { kind: 'move', origin: { device: 'Hotel', position: 1 }, destination: { device: 'Washer', position: 0 } })
})

t.test('a container waits from the end of one step to the start of the next', async (t) => {
  const service = await aLab(t, { Washer: 1, Hotel: 4 })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  const { body: { id } } = await service.get('/api/containers/P1')
  const experiment = await anExperiment(service)
  const of = (...containers: string[]) => ({ experiment_id: experiment.id, containers })
  await log(service,
    wash(100, 90, of('P1')), wash(95, 80, of('P2')), wash(70, 60, of(id, 'P2')), wash(65, 50, of('P2')), wash(40, 30, { experiment_id: experiment.id }), wash(20, null, of('P1', 'P3')))
  const { items } = await timeline(service, experiment.id)
  t.same(items.map(({ waited_seconds }: { waited_seconds: number | null }) => waited_seconds), [null, null, 10, 0, null, 40],
    'by whatever name, since the last of several; a step that begins earlier does not wait')
  t.match(items[2].step.containers, [{ id, barcode: 'P1' }, { id: null, named: 'P2' }])
})

t.test('the whole should end when earlier experiments of its process did', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  const { body: process } = await service.post('/api/processes', { name: 'Assay', source: 'x' })
  const run = async () => (await service.post('/api/experiments', { process_id: process.id })).body.id as string
  for (const [index, seconds] of [1000, 1100, 1200, 3000].entries()) {
    const experiment_id = await run()
    await log(service, wash(90_000 - index, 90_000 - index - seconds, { experiment_id }))
    await service.patch(`/api/experiments/${experiment_id}`, { status: 'completed' })
  }
  const id = await run()
  t.match(await timeline(service, id), { status: 'created', began_at: null, predicted: null, expected_finish: null, bound_finish: null, items: [] })
  await log(service, wash(900, 800, { experiment_id: id }))
  const begun = await timeline(service, id)
  t.match(begun, { began_at: ago(900), predicted: { median_seconds: 1150, sample_size: 4 } })
  t.equal(begun.expected_finish, later(ago(900), 1150))
  t.ok(begun.bound_finish >= later(ago(900), 3000))
  await log(service, wash(790, null, { experiment_id: id, id: randomUUID(), data: { fct: 'incubate', duration: 10_000 } }))
  t.equal((await timeline(service, id)).expected_finish, later(ago(790), 10_000), 'not before the steps that run end')
  await service.post(`/api/experiments/${id}/pause`, {})
  t.match(await timeline(service, id), { status: 'paused', expected_finish: null, bound_finish: null })

  const slow = await run()
  await log(service, wash(2000, 1900, { experiment_id: slow }))
  t.equal((await timeline(service, slow)).expected_finish, later(ago(2000), 3000), 'it took longer than three of four')
  const late = await run()
  await log(service, wash(4000, 3900, { experiment_id: late }))
  t.match(await timeline(service, late), { predicted: { sample_size: 4 }, expected_finish: null, bound_finish: null }, 'it takes longer than all')
  await service.patch(`/api/experiments/${late}`, { status: 'completed' })
  t.match(await timeline(service, late), { status: 'completed', expected_finish: later(ago(4000), 1150) }, 'once it has ended: when it should have')
})

t.test('the pauses of a whole are added to when it should have ended', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  const { body: process } = await service.post('/api/processes', { name: 'Assay', source: 'x' })
  const run = async () => (await service.post('/api/experiments', { process_id: process.id })).body.id as string
  const first = await run()
  await log(service, wash(9000, 8900, { experiment_id: first }))
  const id = await run()
  await log(service, wash(500, 490, { experiment_id: id }))
  await service.post(`/api/experiments/${id}/pause`, { at: ago(480) })
  await service.post(`/api/experiments/${id}/resume`, { at: ago(80) })
  await log(service, wash(70, 60, { experiment_id: id }))
  t.equal((await timeline(service, id)).expected_finish, null, 'it was active for as long as the only one before')
  await service.patch(`/api/experiments/${id}`, { status: 'completed' })
  t.equal((await timeline(service, id)).expected_finish, later(ago(500), 100 + 400))
})

t.test('of too many steps the newest are shown', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  const experiment = await anExperiment(service)
  const first = wash(8000, 7999, { experiment_id: experiment.id })
  await log(service, first)
  await log(service, ...Array.from({ length: 5000 }, (_, n) => wash(7000 - n, 6999 - n, { experiment_id: experiment.id })))
  const { items, truncated } = await timeline(service, experiment.id)
  t.match({ truncated, length: items.length, first: items[0].step.start }, { truncated: true, length: 5000, first: ago(7000) })
})

t.test('what cannot be asked is refused', async (t) => {
  const service = await aLab(t, { Washer: 1 })
  t.match(await service.get(`/api/experiments/${randomUUID()}/timeline`), { status: 404, body: { code: 'experiment-not-found', parameter: 'id' } })
  t.match(await service.get('/api/experiments/x/timeline'), { status: 400 })
  const experiment = await anExperiment(service)
  for (const query of ['confidence=0', 'confidence=1', 'confidence=x', 'limit=3']) t.match(await service.get(`/api/experiments/${experiment.id}/timeline?${query}`), { status: 400 }, query)
})
