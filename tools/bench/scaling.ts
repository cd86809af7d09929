// npm run bench:scaling [-- --quick] [--database-url URL] [--json file]: what a second instance adds, and what the database's settings do.
// See bench/README.md and docs/guides/scale.md.
import { parseArgs } from 'node:util'
import { writeJson } from '../support/json.ts'
import { median } from '../support/quantile.ts'
import { say } from '../support/say.ts'
import { execute } from '../support/server-databases.ts'
import { type BenchCall, callsOf } from './calls.ts'
import { withDatabaseServer } from './database-server.ts'
import { makeLab } from './lab.ts'
import { load, type LoadResult } from './load.ts'
import { started, startMeasuredService, type Subject } from './processes.ts'
import type { Figures } from './results.ts'
import { askOf } from './same.ts'

/** What gets the requests: an instance, or a proxy before some. */
type Target = { name: string, address: string }
type Row = Figures & { call: string, connections: number, subject: string }

const { values } = parseArgs({ options: {
  quick: { type: 'boolean', default: false }, 'database-url': { type: 'string' }, json: { type: 'string' }, settings: { type: 'boolean', default: true }
}, allowNegative: true })
const rounds = values.quick ? 2 : 5
const seconds = values.quick ? 1 : 3
const called = new Set(['container by barcode', 'positions, 42 slots', 'move', 'one step'])

/** Settings of PostgreSQL that are tried with one instance; each is undone before the next. The last two give up durability, and are shown for what it costs. */
const tried = [
  ['commit_delay', '200'], ['wal_compression', 'on'], ['synchronous_commit', 'off']
] as const

await withDatabaseServer(values['database-url'], async (server, about) => {
  const lab = await makeLab(server, 'scaling', { steps: 20_000 })
  const rows: Row[] = []
  const [one, other] = [await startMeasuredService(lab.url), await startMeasuredService(lab.url)]
  const [proxyOfOne, proxyOfTwo] = [await proxyOf([one]), await proxyOf([one, other])]
  const subjects = [
    { name: 'one', address: one.address }, { name: 'one behind the proxy', address: proxyOfOne.address },
    { name: 'two behind the proxy', address: proxyOfTwo.address }
  ]
  try {
    for (const call of callsOf(lab).filter(({ name }) => called.has(name))) {
      for (const connections of [16, 64]) rows.push(...await measure(call, connections, subjects))
    }
    if (values.settings) {
      for (const [name, value] of tried) {
        await execute(server, `ALTER SYSTEM SET ${name} = '${value}'`)
        await execute(server, 'SELECT pg_reload_conf()')
        const move = callsOf(lab).find((call) => call.name === 'move')!
        rows.push(...await measure(move, 64, [{ name: `one, ${name} = ${value}`, address: one.address }]))
        await execute(server, `ALTER SYSTEM RESET ${name}`)
        await execute(server, 'SELECT pg_reload_conf()')
      }
    }
  } finally {
    for (const process of [proxyOfOne, proxyOfTwo, one, other]) await process.stop()
  }
  for (const { call, connections, subject, requests_per_second, p50_ms, p99_ms } of rows) {
    process.stdout.write(`${call.padEnd(24)}${String(connections).padStart(4)}  ${subject.padEnd(34)}${requests_per_second.toFixed(0).padStart(7)}/s  p50 ${p50_ms.toFixed(2).padStart(7)} ms  p99 ${p99_ms.toFixed(2).padStart(7)} ms\n`)
  }
  writeJson(values.json, { taken_at: new Date().toISOString(), ...about, rows })
})

async function proxyOf (instances: readonly Subject[]): Promise<Subject> {
  return await started('proxy', ['dist/tools/bench/proxy.js'], { ADDRESSES: instances.map(({ address }) => address).join(',') })
}

async function measure (call: BenchCall, connections: number, subjects: readonly Target[]): Promise<Row[]> {
  say(`${call.name}, ${connections} connections`)
  const taken = new Map(subjects.map(({ name }) => [name, [] as LoadResult[]]))
  for (let round = -1; round < rounds; round++) {
    for (const { name, address } of round % 2 === 0 ? subjects : subjects.toReversed()) {
      await call.reset?.(askOf({ address }))
      const run = await load({ address, connections, seconds: round < 0 ? 1 : seconds, cycleOf: call.cycleOf, statuses: call.statuses ?? [200] })
      if (round >= 0) taken.get(name)!.push(run)
    }
  }
  return [...taken].map(([subject, runs]) => {
    const middle = (member: keyof Figures): number => median(runs.map((run) => run[member]))
    return { call: call.name, connections, subject, requests_per_second: middle('requests_per_second'), p50_ms: middle('p50_ms'), p99_ms: middle('p99_ms') }
  })
}
