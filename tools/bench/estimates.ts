// npm run bench:estimates [-- --sizes 10000,100000,1000000] [--rounds 200] [--json file]; see bench/README.md
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startEmbedded } from '../../src/embedded/postgres.ts'
import { writeJson } from '../support/json.ts'
import { warningsOnly } from '../support/log.ts'
import { quantile } from '../support/quantile.ts'
import { say } from '../support/say.ts'
import { logRealHistory, makeHistory } from './histories.ts'
import { interleaved } from './interleaved.ts'
import { type Explained } from './plan-of.ts'
import { type CallArguments, openTestService, type TestService } from './service.ts'

type Row = { what: string, steps: number, p50_ms: number, p99_ms: number, buffers: number }

/** With the ratios to the same request in the shortest history. */
type ComparedRow = Row & { p50_ratio: number, buffers_ratio: number }

type RequestOfTurn = (turn: number) => CallArguments

const { values } = parseArgs({ options: {
  sizes: { type: 'string', default: '10000,100000,1000000' }, rounds: { type: 'string', default: '200' }, json: { type: 'string' }
} })
const sizes = values.sizes.split(',').map(Number)
const limits = { p50_ratio: 1.5, buffers_ratio: 1.2 }

const dataDir = await mkdtemp(join(tmpdir(), 'platform-status-bench-'))
// a running autovacuum would keep VACUUM from marking the pages as visible to all, at random
const embedded = await startEmbedded({ dataDir, log: warningsOnly, settings: { autovacuum: 'off' } })
try {
  await measure(embedded.url)
} finally {
  await embedded.stop()
  for (const directory of new Set([dataDir, embedded.directory])) rmSync(directory, { recursive: true, force: true })
}

async function measure (server: string): Promise<void> {
  say('logging the real history')
  const plan = await logRealHistory(server, 'bench_real')
  const requests: Record<string, RequestOfTurn> = {
    'one estimate': (turn) => ['POST', '/api/estimates', { step: plan[(turn * 7919) % plan.length] }],
    'batch of 1,000': (turn) => {
      const from = (turn * 7919) % (plan.length - 1000)
      return ['POST', '/api/estimates/batch', { steps: plan.slice(from, from + 1000) }]
    }
  }
  const services = new Map<number, TestService>()
  for (const size of sizes) {
    const began = performance.now()
    await makeHistory(server, { real: 'bench_real', name: `bench_${size}`, size })
    const service = await openTestService(server, `bench_${size}`)
    services.set(size, service)
    // the learner does this beside the requests; then what autovacuum does in a minute
    await service.learn()
    await service.pool.query('VACUUM ANALYZE')
    await service.pool.query('CHECKPOINT')
    say(`${size.toLocaleString('en')} steps made in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  }
  const rows: Row[] = []
  for (const [what, request] of Object.entries(requests)) {
    say(`asking: ${what}`)
    const times = await interleaved(Object.fromEntries([...services].map(([size, service]) => {
      let turn = 0
      return [size, () => service.call(...request(turn++))]
    })), { rounds: Number(values.rounds), warmUp: 20 })
    for (const [size, service] of services) {
      const [own, buffers] = [times.get(String(size))!, await buffersOf(service, what, request)]
      rows.push({ what, steps: size, p50_ms: quantile(own, 0.5), p99_ms: quantile(own, 0.99), buffers })
    }
  }
  for (const service of services.values()) await service.close()
  report(rows)
}

/** Buffers that the statements behind a request read, on average over some requests. */
async function buffersOf (service: TestService, what: string, request: RequestOfTurn): Promise<number> {
  // evenly over the plan, whose steps have long histories and short ones; fewer batches, since each holds a thousand
  const turns = what === 'one estimate' ? 400 : 20
  let buffers = 0
  for (let turn = 0; turn < turns; turn++) {
    const asked = await service.statements(() => service.call(...request(turn)))
    for (const { text, values: parameters } of asked) {
      const { rows: [explained] } = await service.pool.query<Explained>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, parameters)
      const plan = explained!['QUERY PLAN'][0].Plan
      buffers += plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
    }
  }
  return buffers / turns
}

function report (rows: readonly Row[]): void {
  const line = (cells: readonly string[]): boolean => process.stdout.write(`${cells[0]!.padEnd(16)}${cells.slice(1).map((cell) => cell.padStart(12)).join('')}\n`)
  line(['', 'steps', 'p50 ms', 'p99 ms', 'p50 ratio', 'buffers', 'ratio'])
  const compared: ComparedRow[] = rows.map((row) => {
    const smallest = rows.find(({ what, steps }) => what === row.what && steps === sizes[0])!
    return { ...row, p50_ratio: row.p50_ms / smallest.p50_ms, buffers_ratio: row.buffers / smallest.buffers }
  })
  for (const row of compared) {
    line([row.what, row.steps.toLocaleString('en'), row.p50_ms.toFixed(2), row.p99_ms.toFixed(2), row.p50_ratio.toFixed(2), row.buffers.toFixed(0), row.buffers_ratio.toFixed(2)])
  }
  const asked = compared.filter(({ steps }) => steps <= 1_000_000)
  for (const member of ['p50_ratio', 'buffers_ratio'] as const) {
    const limit = limits[member]
    const worst = Math.max(...asked.map((row) => row[member]))
    process.stdout.write(`${member.replace('_', ' ')}, up to a million steps: ${worst.toFixed(2)}, ${worst <= limit ? 'within' : 'BEYOND'} ${limit}\n`)
  }
  writeJson(values.json, { taken_at: new Date().toISOString(), node: process.version, rows: compared })
}
