import t from 'tap'
import { theDocument } from '../support/openapi.ts'
import { aLab, type Service } from '../support/service.ts'
import { type Work, workOf } from '../support/work.ts'

// A lab that was just set up has no statistics yet, so PostgreSQL guesses that a table has few rows. A part of a statement that it then computes again for each
// device makes the read quadratic. Three times the devices may cost about three times the rows, never nine times.

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

/** Devices with 20 slots and 5 plates each, as many steps, one reservation a device, one experiment. */
async function aNewLab (t: Parameters<typeof aLab>[0], devices: number): Promise<Service> {
  const lab = await aLab(t, Object.fromEntries(numbers(devices).map((n) => [`Hotel${n}`, 20])))
  await lab.post('/api/containers/batch', { containers: numbers(devices * 5).map((n) => ({ device: `Hotel${n % devices}`, barcode: `P${n}`, lidded: true })) })
  const { body: { id } } = await lab.post('/api/experiments', { process_id: (await lab.post('/api/processes', { name: 'wash', source: 'wash' })).body.id })
  await lab.post('/api/steps/batch', { steps: numbers(devices * 5).map((n) => ({
    device: `Hotel${n % devices}`, experiment_id: id, name: 'wash', data: { fct: 'wash' }, start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:01:00Z', containers: [`P${n}`]
  })) })
  for (const n of numbers(devices)) await lab.post('/api/reservations', { device: `Hotel${n}`, purpose: 'container', owner: 'robot', ttl_seconds: 3600 })
  return lab
}

const queries: Record<string, string> = {
  '/api/search': '?q=P1', '/api/devices/utilization': '?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z', '/api/steps/statistics': '?group_by=day'
}

/** Every list and summary that is asked without an id, as it is and as of a time. */
async function reads (): Promise<string[]> {
  const { paths } = await theDocument()
  const plain = Object.keys(paths).filter((path) => paths[path].get !== undefined && path.startsWith('/api') && !path.includes('{') && !path.endsWith('/stream'))
  const asOf = plain.filter((path) => paths[path].get.parameters?.some(({ name }: { name: string }) => name === 'at'))
  return [...plain.map((path) => path + (queries[path] ?? '')), ...asOf.map((path) => `${path}?at=2100-01-01T00:00:00Z`), '/present']
}

t.test('three times the devices cost every read about three times the rows, before a lab has statistics', async (t) => {
  const [small, large] = [await aNewLab(t, 60), await aNewLab(t, 180)]
  for (const path of await reads()) {
    const work: Work[] = []
    for (const lab of [small, large]) work.push(await workOf(lab, () => lab.get(path), t))
    const [few, many] = work as [Work, Work]
    t.ok(many.calls <= few.calls * 3.5 + 100, `${path}, calls of functions: ${few.calls}, then ${many.calls}`)
    // with more rows another plan may be the better one: each table once
    t.ok(many.rows <= few.rows * 4 + 20_000, `${path}, rows read: ${few.rows}, then ${many.rows}`)
  }
})
