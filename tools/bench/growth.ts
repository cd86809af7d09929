// npm run bench:growth [-- --steps 10000,1000000] [--slots 156,10000] [--partitioned] [--rounds 200] [--database-url URL] [--json file]; see bench/README.md.
// The hot calls in a small lab and in a large one, with a short history and with a long one; with --partitioned also with the longest in partitions.
import { parseArgs } from 'node:util'
import { writeJson } from '../support/json.ts'
import { quantile } from '../support/quantile.ts'
import { say } from '../support/say.ts'
import { withDatabaseServer } from './database-server.ts'
import { makeGrown, makePartitioned } from './growth-data.ts'
import { logRealHistory } from './histories.ts'
import { interleaved } from './interleaved.ts'
import { planOf } from './plan-of.ts'
import { type CallArguments, openTestService, type TestService } from './service.ts'

type Row = { call: string, slots: number, steps: number, partitioned: boolean, p50_ms: number, p99_ms: number, buffers: number }

/** Even rounds move the plate, odd rounds move it back. */
type RequestOfTurn = (turn: number) => CallArguments

const { values } = parseArgs({ options: {
  steps: { type: 'string', default: '10000,1000000' }, slots: { type: 'string', default: '156,10000' }, partitioned: { type: 'boolean', default: false }, rounds: { type: 'string', default: '200' }, 'database-url': { type: 'string' }, json: { type: 'string' }
} })
const limits = { p50: 1.5, buffers: 1.2 }
const labs = [{ devices: 14, slots: 156 }, { devices: 100, slots: 10_000 }].filter(({ slots }) => values.slots.split(',').includes(String(slots)))
type Subject = { service: TestService, slots: number, steps: number, partitioned: boolean, calls: Map<string, RequestOfTurn> }

await withDatabaseServer(values['database-url'], async (server, about) => {
  await logRealHistory(server, 'growth_real')
  const subjects = new Map<string, Subject>()
  const timed = async <T>(what: string, make: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    const made = await make()
    say(`${what} in ${((performance.now() - began) / 1000).toFixed(0)} s`)
    return made
  }
  const add = async (name: string, lab: { slots: number, steps: number, partitioned: boolean }, service: TestService): Promise<void> => {
    subjects.set(name, { service, ...lab, calls: await callsOf(service) })
    say(`${name}: ${(await sizeOf(service) / 1e9).toFixed(1)} GB`)
  }
  const lengths = values.steps.split(',').map(Number)
  for (const steps of lengths) {
    for (const { devices, slots } of labs) {
      const name = `growth_${slots}_${steps}`
      const isDivided = values.partitioned && steps === Math.max(...lengths)
      const made = await timed(`${name} was made`, async () => await makeGrown(server, { real: 'growth_real', name, devices, slots, steps }))
      // a database can only be copied while nobody is connected to it
      if (isDivided) await made.close()
      if (isDivided) {
        const parts = await timed('a copy was divided into partitions', async () => await makePartitioned(server, { grown: name, name: `${name}_parts` }))
        await add(`${slots} slots, ${steps} steps, in partitions`, { slots, steps, partitioned: true }, parts)
      }
      await add(`${slots} slots, ${steps} steps`, { slots, steps, partitioned: false }, isDivided ? await openTestService(server, name) : made)
    }
  }
  const rows: Row[] = []
  const [first] = subjects.values()
  for (const call of first?.calls.keys() ?? []) {
    say(call)
    const times = await interleaved(Object.fromEntries([...subjects].map(([name, { service, calls }]) => {
      let turn = 0
      return [name, () => service.call(...calls.get(call)!(turn++))]
    })), { rounds: Number(values.rounds), warmUp: 20 })
    for (const [name, { service, slots, steps, partitioned, calls }] of subjects) {
      const [own, buffers] = [times.get(name)!, await buffersOf(service, calls.get(call)!)]
      rows.push({ call, slots, steps, partitioned, p50_ms: quantile(own, 0.5), p99_ms: quantile(own, 0.99), buffers })
    }
  }
  for (const { service } of subjects.values()) await service.close()
  writeJson(values.json, { taken_at: new Date().toISOString(), ...about, rows: report(rows) })
})

type LoggedOperation = { device: string, name: string | null, data: object }

async function callsOf ({ call }: TestService): Promise<Map<string, RequestOfTurn>> {
  const first = async <T>(path: string): Promise<T> => (await call<{ items: T[] }>('GET', path)).items[0]!
  const step = await first<{ device: string }>('/api/steps?sort=-start&limit=1')
  const experiment = await first<{ id: string }>('/api/experiments?limit=1')
  const removed = await first<{ id: string }>('/api/containers?removed=true&limit=1')
  const operation = await first<LoggedOperation>('/api/steps?kind=operation&limit=1')
  const logged = { device: operation.device, data: { fct: 'absorbance' }, start: '2026-03-02T09:20:00.000Z', finish: '2026-03-02T09:20:41.500Z', containers: ['P3'] }
  return new Map<string, RequestOfTurn>([
    ['container by barcode', () => ['GET', '/api/containers/P3']],
    ['positions, 42 slots', () => ['GET', '/api/devices/Fridge/positions']],
    ['first free slot', () => ['GET', '/api/devices/Fridge/positions?empty=true&limit=1']],
    ['move', (turn) => ['POST', '/api/containers/P3/move', { target_device: 'Fridge', target_pos: turn % 2 === 0 ? 40 : 3 }]],
    ['unlid and lid', (turn) => ['POST', `/api/containers/P3/${turn % 2 === 0 ? 'unlid' : 'lid'}`, { lid_device: 'Fridge', lid_pos: 41 }]],
    ['transfer with its step', (turn) => ['POST', '/api/transfers', { container: 'P3', target: { device: 'Fridge', position: turn % 2 === 0 ? 40 : 3 }, step: { ...logged, containers: undefined } }]],
    ['one step', () => ['POST', '/api/steps', logged]],
    ['one estimate', () => ['POST', '/api/estimates', { step: { device: operation.device, name: operation.name, data: operation.data } }]],
    ['newest steps of a device', () => ['GET', `/api/steps?device=${encodeURIComponent(step.device)}&sort=-start`]],
    ['experiment summary', () => ['GET', `/api/experiments/${experiment.id}`]],
    ['container history', () => ['GET', `/api/containers/${removed.id}/history`]],
    ['a page of the log', () => ['GET', '/api/events?after=5000&limit=50']]
  ])
}

async function sizeOf ({ pool }: TestService): Promise<number> {
  const { rows: [row] } = await pool.query<{ bytes: number }>('SELECT pg_database_size(current_database())::float8 AS bytes')
  return row!.bytes
}

/** Buffers that the statements behind a request read, on average over a few, after the plans have settled. */
async function buffersOf (service: TestService, request: RequestOfTurn): Promise<number> {
  const turns = 4
  let buffers = 0
  for (let turn = 0; turn < turns; turn++) {
    const sent = await service.statements(() => service.call(...request(turn)))
    for (const statement of sent) buffers += (await planOf(service.pool, statement)).buffers
  }
  return buffers / turns
}

/** Prints the rows. Returns them with their ratios to the same call in the smallest lab with the shortest history. */
function report (rows: readonly Row[]): object[] {
  const line = (cells: readonly string[], remark = ''): boolean => process.stdout.write(`${cells[0]!.padEnd(28)}${cells.slice(1).map((cell) => cell.padStart(11)).join('')}${remark}\n`)
  line(['', 'slots', 'steps', 'parts', 'p50 ms', 'p99 ms', 'p50 ratio', 'buffers', 'ratio'])
  const compared = rows.map((row) => {
    const smallest = rows.find(({ call }) => call === row.call)!
    return { ...row, p50_ratio: row.p50_ms / smallest.p50_ms, buffers_ratio: row.buffers / Math.max(1, smallest.buffers) }
  })
  for (const row of compared) {
    const beyond = row.p50_ratio > limits.p50 || row.buffers_ratio > limits.buffers ? '  BEYOND' : ''
    line([row.call, row.slots.toLocaleString('en'), row.steps.toLocaleString('en'), row.partitioned ? 'yes' : '', row.p50_ms.toFixed(2), row.p99_ms.toFixed(2), row.p50_ratio.toFixed(2),
      row.buffers.toFixed(0), row.buffers_ratio.toFixed(2)], beyond)
  }
  process.stdout.write(`target: p50 within ${limits.p50}, buffers within ${limits.buffers} of the smallest\n`)
  return compared
}
