import type { DemoCall } from './client.ts'
import { barcodeOf, idOf, placeOf, type ReplayedStep, type RobotlabStep, type RobotlabRun, type RobotlabEvent } from './robotlab.ts'

// Replays a recorded run with the calls that an orchestrator would have made.

/** Removes all containers from the platform. */
export async function clearPlatform (call: DemoCall): Promise<void> {
  const { items } = await call<{ items: { id: string }[] }>('GET', '/api/containers?limit=500')
  await Promise.all(items.map(({ id }) => call('DELETE', `/api/containers/${id}`)))
}

/** Adds the plates of a run at their initial places, with lids on. */
export async function setUp (call: DemoCall, run: RobotlabRun): Promise<void> {
  const containers = Object.entries(run.initial).map(([place, plate]) => ({
    ...placeOf(place), barcode: barcodeOf(run.name, plate), name: `Plate ${plate}`, lidded: true
  }))
  await call('POST', '/api/containers/batch', { containers })
}

/** Records one change of the lab. It names the source, so that the service refuses it if the plate or lid is elsewhere. */
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
    case 'unlid': return await recordLid(call, `${container}/unlid`, event.dst)
    case 'lid': return await recordLid(call, `${container}/lid`, event.src)
  }
}

async function recordLid (call: DemoCall, path: string, place: string): Promise<void> {
  const { device, position } = placeOf(place)
  await call('POST', path, { lid_device: device, lid_pos: position })
}

/** Logs a run as an experiment with all its steps. Returns false, and changes nothing, if the run was already logged. */
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

/** Estimates all steps of a run, in order. */
export async function estimateRun (call: DemoCall, run: RobotlabRun, confidence: number): Promise<ReplayEstimate[]> {
  const { estimates } = await call<{ estimates: ReplayEstimate[] }>('POST', '/api/estimates/batch', { steps: run.steps.map(planned), confidence })
  return estimates
}

/** A step as it was planned. */
export function planned ({ kind, name, device, data, origin, destination }: ReplayedStep): RobotlabStep {
  return { kind, name, device, data, ...(origin && { origin }), ...(destination && { destination }) }
}
