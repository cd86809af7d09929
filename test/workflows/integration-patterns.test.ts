import t from 'tap'
import { listening } from '../support/http.ts'
import { aLab } from '../support/service.ts'

// The section "Integration Patterns" of the documented workflows; each test is named after the heading that it follows.

type AssayStep = { type: string, device?: string, from?: string, to?: string, [parameter: string]: unknown }
type Assay = { name: string, steps: AssayStep[] }

/** What a lab would write itself: it runs an assay on a plate, asks for an estimate before each step, and logs each step after it. */
function workflowManager (address: string) {
  async function call (method: string, path: string, body?: object) {
    const answer = await fetch(new URL(path, address), {
      method, ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
    })
    if (!answer.ok) throw new Error(await answer.text())
    return await answer.json() as any
  }

  function stepOf ({ type, device, from, to, ...parameters }: AssayStep, place: { device: string, position: number }) {
    if (type !== 'move') return { name: type, device, data: { fct: type, ...parameters } }
    return { kind: 'move', name: `${from} to ${to}`, device: 'RoboticArm', data: { fct: 'move' }, origin: place, destination: { device: to } }
  }

  return {
    async runAssayWorkflow (barcode: string, assay: Assay): Promise<{ experiment: string, estimates: (number | null)[] }> {
      const process = await call('POST', '/api/processes', { name: assay.name, source: JSON.stringify(assay), reuse: true })
      const experiment = await call('POST', '/api/experiments', { process_id: process.id })
      const estimates = []
      let container = await call('GET', `/api/containers/${barcode}`)
      for (const planned of assay.steps) {
        const step = stepOf(planned, { device: container.device, position: container.position })
        estimates.push((await call('POST', '/api/estimates', { step })).duration_seconds)
        const start = new Date()
        if (step.kind === 'move') {
          const moved = await call('POST', `/api/containers/${barcode}/move`, {
            source_device: container.device, source_pos: container.position, target_device: planned.to
          })
          container = moved.container
        }
        await call('POST', '/api/steps', { ...step, start, finish: new Date(), experiment_id: experiment.id, containers: [barcode] })
      }
      return { experiment: experiment.id, estimates }
    }
  }
}

t.test('Custom Workflow Integration', async (t) => {
  const service = await aLab(t, { Hamilton_STAR: 15, Incubator: 20, PlateReader: 2, RoboticArm: 1 })
  const manager = workflowManager(await listening(service))
  const assay = {
    name: 'Enzyme Assay',
    steps: [
      { type: 'dispense', device: 'Hamilton_STAR', volume: 50 },
      { type: 'move', from: 'Hamilton_STAR', to: 'Incubator' },
      { type: 'incubate', device: 'Incubator', temp: 37, time: 3600 },
      { type: 'move', from: 'Incubator', to: 'PlateReader' },
      { type: 'read', device: 'PlateReader', wavelength: 450 }
    ]
  }
  await service.post('/api/containers', { device: 'Hamilton_STAR', barcode: 'PLATE001' })
  await service.post('/api/containers', { device: 'Hamilton_STAR', barcode: 'PLATE002' })

  const first = await manager.runAssayWorkflow('PLATE001', assay)
  t.strictSame(first.estimates, [null, null, null, null, null], 'a new lab knows nothing')
  t.match(await service.get('/api/containers/PLATE001'), { body: { device: 'PlateReader', position: 0 } })
  t.match(await service.get(`/api/experiments/${first.experiment}`), { body: { process: { name: 'Enzyme Assay' }, steps: { total: 5, completed: 5 } } })

  const second = await manager.runAssayWorkflow('PLATE002', assay)
  t.ok(second.estimates.every((seconds) => typeof seconds === 'number'), 'the second run has the first to learn from')
  t.match(await service.get('/api/containers/PLATE002'), { body: { device: 'PlateReader', position: 1 } })
  t.equal((await service.get('/api/processes')).body.items.length, 1, 'one workflow definition, two runs')
})

t.test('REST API Wrapper Example', async (t) => {
  const service = await aLab(t, { Hamilton_STAR: 2, Incubator: 7 })
  await service.post('/api/containers', { name: 'ScreenPlate_01', device: 'Hamilton_STAR', position: 0, barcode: 'SCREEN_001', lidded: true })

  t.test('GET /api/containers/<barcode>', async (t) => {
    const { status, body: { barcode, device, position, lidded } } = await service.get('/api/containers/SCREEN_001')
    t.strictSame({ status, barcode, device, position, lidded }, { status: 200, barcode: 'SCREEN_001', device: 'Hamilton_STAR', position: 0, lidded: true })
    const unknown = await service.get('/api/containers/SCREEN_404')
    t.equal(unknown.status, 404)
    t.equal(unknown.body.error, 'Container not found')
  })

  t.test('POST /api/containers/<barcode>/move', async (t) => {
    const moved = await service.post('/api/containers/SCREEN_001/move', {
      source_device: 'Hamilton_STAR', source_pos: 0, target_device: 'Incubator', target_pos: 5
    })
    t.equal(moved.status, 200)
    t.equal(moved.body.status, 'success')
    t.match(await service.get('/api/containers/SCREEN_001'), { body: { device: 'Incubator', position: 5 } })
  })

  t.test('GET /api/devices/<device>/positions', async (t) => {
    const { status, body } = await service.get('/api/devices/Incubator/positions')
    t.equal(status, 200)
    t.strictSame(body.map(({ position, empty, container }: Record<string, unknown>) => ({ position, empty, container })), [
      { position: 0, empty: true, container: null },
      { position: 1, empty: true, container: null },
      { position: 2, empty: true, container: null },
      { position: 3, empty: true, container: null },
      { position: 4, empty: true, container: null },
      { position: 5, empty: false, container: 'SCREEN_001' },
      { position: 6, empty: true, container: null }
    ])
  })
})
