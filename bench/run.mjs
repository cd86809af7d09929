// npm run bench [-- --quick] [--only move] [--rounds 7] [--seconds 2] [--connections 1,16,64] [--database-url URL] [--json file] [--svg file]
// See bench/README.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { callsOf } from './calls.mjs'
import { drawing } from './chart.mjs'
import { withDatabaseServer } from './database-server.mjs'
import { makeLab } from './lab.mjs'
import { load, median } from './load.mjs'
import { processorMs, residentMiB, startReference, startService } from './processes.mjs'
import { agree, askOf } from './same.mjs'
import { judgements, table } from './table.mjs'

const { values } = parseArgs({ options: {
  quick: { type: 'boolean', default: false }, only: { type: 'string' }, rounds: { type: 'string' }, seconds: { type: 'string' },
  connections: { type: 'string' }, steps: { type: 'string' }, 'database-url': { type: 'string' },
  json: { type: 'string' }, svg: { type: 'string' }
} })
const rounds = Number(values.rounds ?? (values.quick ? 3 : 7))
const seconds = Number(values.seconds ?? (values.quick ? 0.5 : 2))
const connections = (values.connections ?? (values.quick ? '1,16' : '1,16,64')).split(',').map(Number)
const steps = Number(values.steps ?? 100_000)
const warmUpSeconds = values.quick ? 1 : 3
const say = (text) => process.stderr.write(`${text}\n`)

await withDatabaseServer(values['database-url'], async (server, about) => {
  say(`making a lab with ${steps.toLocaleString('en')} steps`)
  const lab = await makeLab(server, 'bench', { steps })
  await onLab(lab, readFileSync(new URL('reference/commands.sql', import.meta.url), 'utf8'))
  const subjects = [await startReference(lab.url), await startService(lab.url)]
  const memory = { idle: memoryOf(subjects) }
  const rows = []
  try {
    for (const call of callsOf(lab)) {
      if (values.only && !call.name.includes(values.only)) continue
      // a thousand moves a second leave more dead rows until autovacuum's next minute than a lab does in a day
      await onLab(lab, 'VACUUM ANALYZE')
      await agree(call, subjects)
      await warmUp(call, subjects)
      for (const count of call.connections ?? connections) rows.push(await measure(call, count, subjects))
    }
    memory.loaded = memoryOf(subjects)
  } finally {
    for (const subject of subjects) await subject.stop()
  }
  const result = { taken_at: new Date().toISOString(), node: process.version, ...about, steps, rounds, seconds, rows, memory_mib: memory }
  const told = judgements(rows)
  process.stdout.write(`${table(rows)}\n\nresident memory, MiB: ${JSON.stringify(memory)}\n\n${told.join('\n')}\n`)
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ ...result, judgements: told }, null, 2)}\n`)
  if (values.svg) writeFileSync(values.svg, drawing(result))
})

async function onLab ({ url }, statement) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(statement)
  await client.end()
}

/** V8 compiles what has run often: at one connection a call alone would be measured half interpreted. */
async function warmUp (call, subjects) {
  say(`${call.name}, warming up`)
  for (const subject of subjects) await asked(call, 16, subject, warmUpSeconds)
}

async function asked (call, connections, subject, time) {
  if (call.reset) await call.reset(askOf(subject))
  const before = processorMs(subject.pid)
  const taken = await load({ address: subject.address, connections, seconds: time, cycleOf: call.cycleOf, statuses: call.statuses ?? [200] })
  return { ...taken, cpu_us: (processorMs(subject.pid) - before) * 1000 / taken.requests }
}

/** Rounds that take the two in turn; medians over the rounds, and of the ratios of each round. */
async function measure (call, count, subjects) {
  say(`${call.name}, ${count} connections`)
  const taken = Object.fromEntries(subjects.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) taken[subject.name].push(await asked(call, count, subject, seconds))
  }
  const middle = (name) => Object.fromEntries(['requests_per_second', 'p50_ms', 'p99_ms', 'cpu_us'].map((member) => [member, median(taken[name].map((run) => run[member]))]))
  return {
    call: call.name, connections: count, target: call.target ?? null, reference: middle('reference'), service: middle('service'),
    ratio: median(taken.service.map(({ requests_per_second }, round) => requests_per_second / taken.reference[round].requests_per_second))
  }
}

function memoryOf (subjects) {
  return Object.fromEntries(subjects.map(({ name, pid }) => [name, Math.round(residentMiB(pid))]))
}
