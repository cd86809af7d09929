// npm run bench:estimates [-- --sizes 10000,100000,1000000] [--rounds 200] [--json file]; see bench/README.md
import { rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { interleaved, quantile } from './measure.mjs'

const { values } = parseArgs({ options: {
  sizes: { type: 'string', default: '10000,100000,1000000' }, rounds: { type: 'string', default: '200' }, json: { type: 'string' }
} })
const sizes = values.sizes.split(',').map(Number)
const most = { p50: 1.5, buffers: 1.2 }

const { startEmbedded } = await import('../dist/embedded/postgres.js')
const { logRealHistory, makeHistory } = await import('./histories.mjs')
const { openTestService } = await import('./service.mjs')

const say = (text) => process.stderr.write(`${text}\n`)
const log = { info: () => {}, warn: (fields, message) => say(`${message} ${JSON.stringify(fields)}`) }
const dataDir = await mkdtemp(join(tmpdir(), 'platform-status-bench-'))
// an autovacuum under way would keep VACUUM from marking the pages as visible to all, at random
const embedded = await startEmbedded({ dataDir, log, settings: { autovacuum: 'off' } })
try {
  await measure(embedded.url)
} finally {
  await embedded.stop()
  for (const directory of new Set([dataDir, embedded.directory])) rmSync(directory, { recursive: true, force: true })
}

async function measure (server) {
  say('logging the real history')
  const plan = await logRealHistory(server, 'bench_real')
  const requests = {
    'one estimate': (turn) => ['/api/estimates', { step: plan[(turn * 7919) % plan.length] }],
    'batch of 1,000': (turn) => {
      const from = (turn * 7919) % (plan.length - 1000)
      return ['/api/estimates/batch', { steps: plan.slice(from, from + 1000) }]
    }
  }
  const services = new Map()
  for (const size of sizes) {
    const began = performance.now()
    await makeHistory(server, { real: 'bench_real', name: `bench_${size}`, size })
    const service = await openTestService(server, `bench_${size}`)
    services.set(size, service)
    // what the service does beside requests, and then what autovacuum does in a minute
    await service.learn()
    await service.pool.query('VACUUM ANALYZE')
    await service.pool.query('CHECKPOINT')
    say(`${size.toLocaleString('en')} steps made in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  }
  const rows = []
  for (const [what, request] of Object.entries(requests)) {
    say(`asking: ${what}`)
    const times = await interleaved(Object.fromEntries([...services].map(([size, service]) => {
      let turn = 0
      return [size, () => service.call('POST', ...request(turn++))]
    })), { rounds: Number(values.rounds), warmUp: 20 })
    for (const size of sizes) {
      const buffers = await buffersOf(services.get(size), what, request)
      rows.push({ what, steps: size, p50_ms: quantile(times[size], 0.5), p99_ms: quantile(times[size], 0.99), buffers })
    }
  }
  for (const service of services.values()) await service.close()
  report(rows)
}

/** Buffers that the statements behind a request read, on average over some requests. */
async function buffersOf (service, what, request) {
  // evenly over the plan, whose steps have long histories and short ones; fewer batches, since each holds a thousand
  const turns = what === 'one estimate' ? 400 : 20
  let buffers = 0
  for (let turn = 0; turn < turns; turn++) {
    const asked = await service.statements(() => service.call('POST', ...request(turn)))
    for (const { text, values: parameters } of asked) {
      const { rows: [{ 'QUERY PLAN': [{ Plan: plan }] }] } = await service.pool.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, parameters)
      buffers += plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
    }
  }
  return buffers / turns
}

function report (rows) {
  const line = (cells) => process.stdout.write(`${cells[0].padEnd(16)}${cells.slice(1).map((cell) => cell.padStart(12)).join('')}\n`)
  line(['', 'steps', 'p50 ms', 'p99 ms', 'p50 ratio', 'buffers', 'ratio'])
  for (const row of rows) {
    const smallest = rows.find(({ what, steps }) => what === row.what && steps === sizes[0])
    Object.assign(row, { p50_ratio: row.p50_ms / smallest.p50_ms, buffers_ratio: row.buffers / smallest.buffers })
    line([row.what, row.steps.toLocaleString('en'), row.p50_ms.toFixed(2), row.p99_ms.toFixed(2), row.p50_ratio.toFixed(2), row.buffers.toFixed(0), row.buffers_ratio.toFixed(2)])
  }
  const asked = rows.filter(({ steps }) => steps <= 1_000_000)
  for (const [member, limit] of [['p50_ratio', most.p50], ['buffers_ratio', most.buffers]]) {
    const worst = Math.max(...asked.map((row) => row[member]))
    process.stdout.write(`${member.replace('_', ' ')}, up to a million steps: ${worst.toFixed(2)}, ${worst <= limit ? 'within' : 'BEYOND'} ${limit}\n`)
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ taken_at: new Date().toISOString(), node: process.version, rows }, null, 2)}\n`)
}
