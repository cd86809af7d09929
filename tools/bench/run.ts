// npm run bench [-- --quick] [--only move] [--rounds 7] [--seconds 2] [--connections 1,16,64] [--database-url URL] [--json file] [--svg file]
// See bench/README.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { projectRoot } from '../../src/project-root.ts'
import { writeJson } from '../support/json.ts'
import { processorMs, residentMiB } from '../support/process-usage.ts'
import { median } from '../support/quantile.ts'
import { say } from '../support/say.ts'
import { execute } from '../support/server-databases.ts'
import { type BenchCall, callsOf } from './calls.ts'
import { drawing } from './chart.ts'
import { withDatabaseServer } from './database-server.ts'
import { makeLab } from './lab.ts'
import { load, type LoadResult } from './load.ts'
import { startReference, startMeasuredService, type Subject } from './processes.ts'
import type { CpuFigures, Row } from './results.ts'
import { agree, askOf } from './same.ts'
import { judgements, table } from './table.ts'

/** The two servers that are compared. */
type Name = 'reference' | 'service'
type Subjects = readonly Subject<Name>[]
type Measured = LoadResult & CpuFigures
type Memory = Record<Name, number>

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

await withDatabaseServer(values['database-url'], async (server, about) => {
  say(`making a lab with ${steps.toLocaleString('en')} steps`)
  const lab = await makeLab(server, 'bench', { steps })
  await execute(lab.url, readFileSync(join(projectRoot, 'bench', 'reference', 'commands.sql'), 'utf8'))
  const subjects: Subjects = [await startReference(lab.url), await startMeasuredService(lab.url)]
  const memory: { idle: Memory, loaded?: Memory } = { idle: memoryOf(subjects) }
  const rows: Row[] = []
  try {
    for (const call of callsOf(lab)) {
      if (values.only !== undefined && !call.name.includes(values.only)) continue
      // a thousand moves a second leave more dead rows until autovacuum's next minute than a lab does in a day
      await execute(lab.url, 'VACUUM ANALYZE')
      await agree(call, subjects)
      await warmUp(call, subjects)
      for (const count of call.connections ?? connections) rows.push(await measure(call, count, subjects))
    }
    memory.loaded = memoryOf(subjects)
  } finally {
    for (const subject of subjects) await subject.stop()
  }
  const result = { taken_at: new Date().toISOString(), node: process.version, ...about, steps, rounds, seconds, rows, memory_mib: memory }
  const verdicts = judgements(rows)
  process.stdout.write(`${table(rows)}\n\nresident memory, MiB: ${JSON.stringify(memory)}\n\n${verdicts.join('\n')}\n`)
  writeJson(values.json, { ...result, judgements: verdicts })
  if (values.svg !== undefined) writeFileSync(values.svg, drawing(result))
})

/**
 * V8 compiles what has run often: at one connection a call alone would be measured half interpreted. It takes no more connections than the
 * call is measured with, since the service refuses large reads that wait too long for others.
 */
async function warmUp (call: BenchCall, subjects: Subjects): Promise<void> {
  say(`${call.name}, warming up`)
  for (const subject of subjects) await loadOf(call, Math.min(16, Math.max(...call.connections ?? connections)), subject, warmUpSeconds)
}

async function loadOf (call: BenchCall, connections: number, subject: Subject, time: number): Promise<Measured> {
  await call.reset?.(askOf(subject))
  const before = processorMs(subject.pid)
  const taken = await load({ address: subject.address, connections, seconds: time, cycleOf: call.cycleOf, statuses: call.statuses ?? [200] })
  return { ...taken, cpu_us: (processorMs(subject.pid) - before) * 1000 / taken.requests }
}

/** Rounds that take the two in turn; medians over the rounds, and of the ratios of each round. */
async function measure (call: BenchCall, count: number, subjects: Subjects): Promise<Row> {
  say(`${call.name}, ${count} connections`)
  const taken: Record<Name, Measured[]> = { reference: [], service: [] }
  for (let round = 0; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) taken[subject.name].push(await loadOf(call, count, subject, seconds))
  }
  const middle = (name: Name): CpuFigures => {
    const of = (member: keyof CpuFigures): number => median(taken[name].map((run) => run[member]))
    return { requests_per_second: of('requests_per_second'), p50_ms: of('p50_ms'), p99_ms: of('p99_ms'), cpu_us: of('cpu_us') }
  }
  return {
    call: call.name, connections: count, target: call.target ?? null, reference: middle('reference'), service: middle('service'),
    ratio: median(taken.service.map(({ requests_per_second }, round) => requests_per_second / taken.reference[round]!.requests_per_second))
  }
}

function memoryOf (subjects: Subjects): Memory {
  return Object.fromEntries(subjects.map(({ name, pid }) => [name, residentMiB(pid)])) as Memory
}
