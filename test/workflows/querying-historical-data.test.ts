import t from 'tap'
import { aLab, type Service } from '../support/service.ts'
import { at } from '../support/times.ts'

// The section "Querying Historical Data" of the documented workflows; each test is named after the heading that it follows.

/** A plate that moves between a liquid handler and a reader, and is read in every round. Each round is slower than the one before. */
async function aHistory (t: Parameters<typeof aLab>[0], rounds: number): Promise<{ service: Service, experiment: string }> {
  const service = await aLab(t, { Hamilton_STAR: 2, PlateReader: 1, RoboticArm: 1 })
  const { body: process } = await service.post('/api/processes', { name: 'Cell Screening', source: 'read it again and again' })
  const { body: experiment } = await service.post('/api/experiments', { process_id: process.id })
  await service.post('/api/containers', { device: 'Hamilton_STAR', position: 1, barcode: 'SCREEN_001', lidded: true })
  const star = { device: 'Hamilton_STAR', position: 1 }
  const reader = { device: 'PlateReader', position: 0 }
  for (let round = 0; round < rounds; round++) {
    for (const { device, position } of [reader, star]) {
      await service.post('/api/containers/SCREEN_001/move', { target_device: device, target_pos: position })
    }
  }
  const steps = Array.from({ length: rounds }, (_, round) => {
    const carry = { kind: 'move', name: 'Carry', device: 'RoboticArm', data: { fct: 'move' } }
    const read = { name: 'Read', device: 'PlateReader', data: { fct: 'absorbance' } }
    return [
      { ...carry, origin: star, destination: reader, ...during(round * 300, 10 + round) },
      { ...read, ...during(round * 300 + 100, 30 + round * 2) },
      { ...carry, origin: reader, destination: star, ...during(round * 300 + 200, 10 + round) }
    ]
  })
  const common = { experiment_id: String(experiment.id), containers: ['SCREEN_001'] }
  t.equal((await service.post('/api/steps/batch', { steps: steps.flat().map((step) => ({ ...step, ...common })) })).status, 201)
  return { service, experiment: common.experiment_id }
}

function during (start: number, seconds: number): { start: string, finish: string } {
  return { start: at(start), finish: at(start + seconds) }
}

t.test('Query Process Steps', async (t) => {
  const { service } = await aHistory(t, 6)
  t.equal((await service.get('/api/steps?count=true&limit=1')).body.total, 18, 'all process steps')
  t.equal((await service.get('/api/steps?count=true&device=PlateReader')).body.total, 6, 'the steps of one device')

  const { body: { items: [row] } } = await service.get('/api/steps/statistics?device=PlateReader')
  t.match(row, { count: 6, finished: 6, min_seconds: 30, mean_seconds: 35, max_seconds: 40, total_seconds: 210 })

  const moves = await service.get('/api/steps?kind=move&sort=start&limit=10')
  t.equal(moves.body.items.length, 10, 'the first ten movements')
  t.match(moves.body.items.slice(0, 3), [
    { origin: { device: 'Hamilton_STAR', position: 1 }, destination: { device: 'PlateReader', position: 0 }, duration_seconds: 10 },
    { origin: { device: 'PlateReader', position: 0 }, destination: { device: 'Hamilton_STAR', position: 1 }, duration_seconds: 10 },
    { origin: { device: 'Hamilton_STAR', position: 1 }, destination: { device: 'PlateReader', position: 0 }, duration_seconds: 11 }
  ])
  t.equal((await service.get(`/api/steps?kind=move&sort=start&limit=10&cursor=${encodeURIComponent(moves.body.next_cursor)}`)).body.items.length, 2)
})

t.test('Query Experiments', async (t) => {
  const { service, experiment } = await aHistory(t, 2)
  const { body: { items: [found] } } = await service.get('/api/experiments')
  t.match(found, {
    id: experiment, process: { name: 'Cell Screening' }, steps: { total: 6 },
    first_start: at(0), last_finish: at(511), duration_seconds: 511
  })
  const steps = (await service.get(`/api/experiments/${experiment}/steps?sort=start`)).body.items
  t.equal(steps.length, 6)
  t.equal(steps[0].start, found.first_start)
})

t.test('Analyze Container History', async (t) => {
  const { service } = await aHistory(t, 1)
  const barcode = 'SCREEN_001'
  t.match(await service.get(`/api/containers/${barcode}`), {
    body: { starting_device: 'Hamilton_STAR', starting_position: 1, device: 'Hamilton_STAR', position: 1 }
  })

  const steps = (await service.get(`/api/steps?container=${barcode}&sort=start`)).body.items
  t.strictSame(steps.map(({ name, device, duration_seconds }: Record<string, unknown>) => [name, device, duration_seconds]), [
    ['Carry', 'RoboticArm', 10], ['Read', 'PlateReader', 30], ['Carry', 'RoboticArm', 10]
  ])

  const history = (await service.get(`/api/containers/${barcode}/history`)).body.items
  const changes = history.filter(({ kind }: { kind: string }) => kind !== 'step')
  t.match(changes, [
    { kind: 'added', to: { device: 'Hamilton_STAR', position: 1 } },
    { kind: 'moved', from: { device: 'Hamilton_STAR', position: 1 }, to: { device: 'PlateReader', position: 0 } },
    { kind: 'moved', from: { device: 'PlateReader', position: 0 }, to: { device: 'Hamilton_STAR', position: 1 } }
  ])
  const told = history.filter(({ kind }: { kind: string }) => kind === 'step').map((item: { step: { id: string } }) => item.step.id)
  t.strictSame(told, steps.map(({ id }: { id: string }) => id))
})
