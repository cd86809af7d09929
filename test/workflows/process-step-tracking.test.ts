import t from 'tap'
import { aLab, type Service } from '../support/service.ts'
import { at } from '../support/times.ts'

// The section "Process Step Tracking" of the documented workflows; each test is named after the heading that it follows.

const lab = { Hamilton_STAR: 15, Incubator: 20, PlateReader: 1, RoboticArm: 1 }

async function anExperiment (service: Service): Promise<string> {
  const process = await service.post('/api/processes', { name: 'Cell Viability Assay', source: 'read absorbance' })
  return (await service.post('/api/experiments', { process_id: process.body.id })).body.id
}

t.test('Recording Basic Process Steps', async (t) => {
  const service = await aLab(t, lab)
  const experiment = await anExperiment(service)
  const { body: plate } = await service.post('/api/containers', { device: 'PlateReader', position: 0, barcode: 'PLATE001' })

  const logged = await service.post('/api/steps', {
    name: 'Read Absorbance', device: 'PlateReader', data: { fct: 'absorbance', method: 'endpoint', wavelength: 450, reads: 3 },
    start: at(0), finish: at(41.5), status: 'completed', experiment_id: experiment, containers: ['PLATE001']
  })

  t.match(logged, {
    status: 201,
    body: {
      kind: 'operation', name: 'Read Absorbance', device: 'PlateReader', fct: 'absorbance', status: 'completed', duration_seconds: 41.5,
      data: { fct: 'absorbance', method: 'endpoint', wavelength: 450, reads: 3 }, experiment_id: experiment, is_simulation: false,
      containers: [{ id: plate.id, barcode: 'PLATE001', named: 'PLATE001' }]
    }
  })
  t.strictSame(logged.body.warnings, [])
  t.strictSame((await service.get(`/api/steps/${logged.body.id}`)).body, logged.body)
  t.match(await service.get(`/api/experiments/${experiment}`), { body: { status: 'running', steps: { total: 1, completed: 1 } } })
})

t.test('Recording Movement Steps', async (t) => {
  const service = await aLab(t, lab)
  const experiment = await anExperiment(service)
  await service.post('/api/containers', { device: 'Hamilton_STAR', position: 0, barcode: 'PLATE001' })

  t.match(await service.post('/api/moves', {
    source_device: 'Hamilton_STAR', source_pos: 0, target_device: 'PlateReader', target_pos: 0, barcode: 'PLATE001'
  }), { status: 200, body: { status: 'success', container: { device: 'PlateReader', position: 0 } } })
  const logged = await service.post('/api/steps', {
    kind: 'move', name: 'Move to Reader', device: 'RoboticArm', data: { fct: 'move' },
    origin: { device: 'Hamilton_STAR', position: 0 }, destination: { device: 'PlateReader', position: 0 },
    start: at(0), finish: at(12), status: 'completed', experiment_id: experiment, containers: ['PLATE001']
  })

  t.match(logged, {
    status: 201,
    body: {
      kind: 'move', device: 'RoboticArm', fct: 'move', duration_seconds: 12,
      origin: { device: 'Hamilton_STAR', position: 0 }, destination: { device: 'PlateReader', position: 0 }
    }
  })
  t.match(await service.get('/api/containers/PLATE001'), { body: { device: 'PlateReader', position: 0 } })
  t.match(await service.get('/api/devices/Hamilton_STAR/positions/0'), { body: { empty: true, container: null } })
})

t.test('Complete Experiment Example', async (t) => {
  const service = await aLab(t, lab)
  const source = '\nCell culture screening workflow:\n1. Prepare plates with cells\n2. Add compounds\n3. Incubate\n4. Read absorbance\n'
  const { body: process } = await service.post('/api/processes', { name: 'Cell Screening', source })
  const { body: experiment } = await service.post('/api/experiments', { process_id: process.id })
  t.match(await service.post('/api/containers', {
    name: 'ScreenPlate_01', device: 'Hamilton_STAR', position: 0, barcode: 'SCREEN_001', lidded: true, filled: true
  }), { status: 201 })

  const common = { status: 'completed', experiment_id: experiment.id, containers: ['SCREEN_001'] }
  const star = { device: 'Hamilton_STAR', position: 0 }
  const incubator = { device: 'Incubator', position: 5 }
  const reader = { device: 'PlateReader', position: 0 }

  async function log (step: object, start: number) {
    t.match(await service.post('/api/steps', { ...step, ...common, start: at(start), finish: at(start + 2) }), { status: 201, body: { warnings: [] } })
  }
  async function move (origin: typeof star, destination: typeof star) {
    t.match(await service.post('/api/moves', {
      source_device: origin.device, source_pos: origin.position, target_device: destination.device, target_pos: destination.position, barcode: 'SCREEN_001'
    }), { status: 200 })
  }

  await log({ name: 'Add Compounds', device: 'Hamilton_STAR', data: { fct: 'dispense', volume: 50, reagent: 'compound_library' } }, 0)
  await move(star, incubator)
  t.match(await service.get('/api/containers/SCREEN_001'), { body: incubator })
  await log({ kind: 'move', name: 'Move to Incubator', device: 'RoboticArm', origin: star, destination: incubator, data: { fct: 'move' } }, 10)
  await log({ name: 'Incubate', device: 'Incubator', data: { fct: 'incubate', temperature: 37, duration: 14400 } }, 20)
  await move(incubator, reader)
  t.match(await service.get('/api/containers/SCREEN_001'), { body: reader })
  await log({ kind: 'move', name: 'Move to Reader', device: 'RoboticArm', origin: incubator, destination: reader, data: { fct: 'move' } }, 30)
  await log({ name: 'Read Absorbance', device: 'PlateReader', data: { fct: 'absorbance', wavelength: 570 } }, 40)

  const steps = await service.get(`/api/experiments/${experiment.id}/steps`)
  t.strictSame(steps.body.items.map(({ name }: { name: string }) => name).sort(), [
    'Add Compounds', 'Incubate', 'Move to Incubator', 'Move to Reader', 'Read Absorbance'
  ])
  t.match(await service.patch(`/api/experiments/${experiment.id}`, { status: 'completed' }), { status: 200 })
  t.match(await service.get(`/api/experiments/${experiment.id}`), {
    body: {
      status: 'completed', process: { name: 'Cell Screening' }, steps: { total: 5, completed: 5, failed: 0, running: 0 },
      first_start: at(0), last_finish: at(42), duration_seconds: 42
    }
  })
  t.match(await service.get('/api/containers/SCREEN_001'), {
    body: { ...reader, name: 'ScreenPlate_01', starting_device: 'Hamilton_STAR', starting_position: 0, lidded: true, filled: true }
  })
})
