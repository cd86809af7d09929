// The lab that the benchmark asks about, and its history.
import { parse } from 'yaml'
import { type RobotlabStep, readLabFile, readRuns } from '../../src/demo/robotlab.ts'
import { databaseUrl } from '../support/server-databases.ts'
import { logRealHistory, makeHistory } from './histories.ts'
import { openTestService } from './service.ts'

/** The largest number of connections. Each has its own plate, so that a refusal is always a fault. */
export const plates = 64

/** A database with the lab: its URL, the steps of the real history as planned, and the id of an experiment with the steps of one real run. */
export type Lab = { url: string, plan: readonly RobotlabStep[], experiment: string }

type LabFile = { sila_servers: Record<string, Record<string, { capacity: number }>> }

/** Creates a lab with `steps` logged steps. */
export async function makeLab (server: string, name: string, { steps }: { steps: number }): Promise<Lab> {
  const plan = await logRealHistory(server, `${name}_real`)
  await makeHistory(server, { real: `${name}_real`, name, size: steps })
  const service = await openTestService(server, name)
  const { call } = service
  const lab = parse(await readLabFile()) as LabFile
  lab.sila_servers.bench = {
    Fridge: { capacity: 42 }, Left: { capacity: plates }, Right: { capacity: plates }, Lids: { capacity: plates },
    Hotel: { capacity: 2 }, Reader: { capacity: 1 }
  }
  await call('PUT', '/api/lab/config', lab)
  await call('POST', '/api/containers/batch', { containers: [
    ...Array.from({ length: plates }, (_, n) => ({ device: 'Left', position: n, barcode: `P${n}`, lidded: true })),
    // 18 of the 42 slots are taken
    ...Array.from({ length: 18 }, (_, n) => ({ device: 'Fridge', position: n * 2, barcode: `F${n}` })),
    { device: 'Hotel', position: 0, barcode: 'H0' }, { device: 'Hotel', position: 1, barcode: 'H1' }
  ] })
  const process = await call<{ id: string }>('POST', '/api/processes', { name: 'Cell painting', source: 'one real run' })
  const experiment = await call<{ id: string }>('POST', '/api/experiments', { process_id: process.id, name: 'one real run' })
  const [run] = await readRuns()
  await call('POST', '/api/steps/batch', { steps: run!.steps.map((step) => ({ ...step, id: undefined, experiment_id: experiment.id })) })
  // the learner does this beside the requests; VACUUM does what autovacuum does within a minute
  await service.learn()
  await service.pool.query('VACUUM ANALYZE')
  await service.close()
  return { url: databaseUrl(server, name), plan, experiment: experiment.id }
}
