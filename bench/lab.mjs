// The lab that the benchmark asks about, and its history.
import { makeHistory, logRealHistory } from './histories.mjs'
import { at } from './server.mjs'
import { openTestService } from './service.mjs'
import { readLabFile, readRuns } from '../dist/demo/robotlab.js'
import { parse } from 'yaml'

/** Connections at most; each has its own plate, so that a refusal is always a fault. */
export const plates = 64

/** A database with that lab, `steps` logged steps of the real one's, and an experiment of one real run: its URL and the real steps as planned. */
export async function makeLab (server, name, { steps }) {
  const plan = await logRealHistory(server, `${name}_real`)
  await makeHistory(server, { real: `${name}_real`, name, size: steps })
  const service = await openTestService(server, name)
  const { call } = service
  const lab = parse(await readLabFile())
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
  const process = await call('POST', '/api/processes', { name: 'Cell painting', source: 'one real run' })
  const experiment = await call('POST', '/api/experiments', { process_id: process.id, name: 'one real run' })
  const [run] = await readRuns()
  await call('POST', '/api/steps/batch', { steps: run.steps.map((step) => ({ ...step, id: undefined, experiment_id: experiment.id })) })
  // what the service does beside requests, and then what autovacuum does in a minute
  await service.learn()
  await service.pool.query('VACUUM ANALYZE')
  await service.close()
  return { url: at(server, name), plan, experiment: experiment.id }
}
