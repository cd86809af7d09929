import type { DemoCall } from './client.ts'
import { barcodeOf, idOf, placeOf, type ReplayedStep, type RobotlabStep, type RobotlabRun, type RobotlabEvent } from './robotlab.ts'

// A recorded run as calls to the service, the way an orchestrator would have made them.

/** Takes every container off the platform. */
export async function clearPlatform (call: DemoCall): Promise<void> {
  const { items } = await call<{ items: { id: string }[] }>('GET', '/api/containers?limit=500')
  await Promise.all(items.map(({ id }) => call('DELETE', `/api/containers/${id}`)))
}

/** Puts the plates of a run where they stood when it began, lids on. */
export async function setUp (call: DemoCall, run: RobotlabRun): Promise<void> {
  const containers = Object.entries(run.world).map(([place, plate]) => ({
    ...placeOf(place), barcode: barcodeOf(run.name, plate), name: `Plate ${plate}`, lidded: true
  }))
  await call('POST', '/api/containers/batch', { containers })
}

/** Books one change of the world. The source is told, so that the service refuses it if plate or lid were elsewhere. */
export async function recordEvent (call: DemoCall, run: RobotlabRun, event: RobotlabEvent): Promise<void> {
  const container = `/api/containers/${barcodeOf(run.name, event.what)}`
  switch (event.kind) {
    case 'move': {
      const [source, target] = [placeOf(event.src), placeOf(event.dst)]
      await call('POST', `${container}/move`, {
        source_device: source.device, source_pos: source.position, target_device: target.device, target_pos: target.position
      })
      break
    }
    case 'unlid': return await bookLid(call, `${container}/unlid`, event.dst)
    case 'lid': return await bookLid(call, `${container}/lid`, event.src)
  }
}

async function bookLid (call: DemoCall, path: string, place: string): Promise<void> {
  const { device, position } = placeOf(place)
  await call('POST', path, { lid_device: device, lid_pos: position })
}

/** Logs a run as an experiment with all its steps; of a run that was logged before nothing happens, and the answer is false. */
export async function logRun (call: DemoCall, run: RobotlabRun): Promise<boolean> {
  const process = await call<{ id: string }>('POST', '/api/processes', {
    name: 'Cell painting', source: 'Mitochondria stain, fixation, permeabilisation, stains, final wash; see examples/robotlab', reuse: true
  })
  const experiment = await call<{ id: string, status: string }>('POST', '/api/experiments', { id: idOf(run.name), process_id: process.id, name: run.name })
  if (experiment.status === 'completed') return false
  await call('POST', '/api/steps/batch', { steps: run.steps })
  await call('PATCH', `/api/experiments/${experiment.id}`, { status: 'completed' })
  return true
}

export type ReplayEstimate = { duration_seconds: number | null, level: string | null, sample_size: number, median_seconds: number | null }

/** The estimates of a whole run before it begins, in the order of its steps. */
export async function estimateRun (call: DemoCall, run: RobotlabRun, confidence: number): Promise<ReplayEstimate[]> {
  const { estimates } = await call<{ estimates: ReplayEstimate[] }>('POST', '/api/estimates/batch', { steps: run.steps.map(planned), confidence })
  return estimates
}

/** A step as it was before it was done. */
export function planned ({ kind, name, device, data, origin, destination }: ReplayedStep): RobotlabStep {
  return { kind, name, device, data, ...(origin && { origin }), ...(destination && { destination }) }
}
