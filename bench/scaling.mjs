// npm run bench:scaling [-- --quick] [--database-url URL] [--json file]: what a second instance adds, and what the database's settings do.
// See bench/README.md and docs/scaling.md.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { callsOf } from './calls.mjs'
import { withDatabaseServer } from './database-server.mjs'
import { makeLab } from './lab.mjs'
import { load, median } from './load.mjs'
import { started, startService } from './processes.mjs'
import { askOf } from './same.mjs'
import { onServer } from './server.mjs'

const { values } = parseArgs({ options: {
  quick: { type: 'boolean', default: false }, 'database-url': { type: 'string' }, json: { type: 'string' }, settings: { type: 'boolean', default: true }
}, allowNegative: true })
const rounds = values.quick ? 2 : 5
const seconds = values.quick ? 1 : 3
const asked = new Set(['container by barcode', 'positions, 42 slots', 'move', 'one step'])
const say = (text) => process.stderr.write(`${text}\n`)

/** Settings of PostgreSQL that are tried with one instance; each is undone before the next. The last two give up durability, and are shown for what it costs. */
const tried = [
  ['commit_delay', '200'], ['wal_compression', 'on'], ['synchronous_commit', 'off']
]

await withDatabaseServer(values['database-url'], async (server, about) => {
  const lab = await makeLab(server, 'scaling', { steps: 20_000 })
  const rows = []
  const instances = [await startService(lab.url), await startService(lab.url)]
  const proxies = [await proxyOf(instances.slice(0, 1)), await proxyOf(instances)]
  const subjects = [
    { name: 'one', address: instances[0].address }, { name: 'one behind the proxy', address: proxies[0].address },
    { name: 'two behind the proxy', address: proxies[1].address }
  ]
  try {
    for (const call of callsOf(lab).filter(({ name }) => asked.has(name))) {
      for (const connections of [16, 64]) rows.push(...await measure(call, connections, subjects))
    }
    if (values.settings) {
      for (const [name, value] of tried) {
        await onServer(server, `ALTER SYSTEM SET ${name} = '${value}'`)
        await onServer(server, 'SELECT pg_reload_conf()')
        const move = callsOf(lab).find((call) => call.name === 'move')
        rows.push(...await measure(move, 64, [{ name: `one, ${name} = ${value}`, address: instances[0].address }]))
        await onServer(server, `ALTER SYSTEM RESET ${name}`)
        await onServer(server, 'SELECT pg_reload_conf()')
      }
    }
  } finally {
    for (const process of [...proxies, ...instances]) await process.stop()
  }
  for (const { call, connections, subject, requests_per_second, p50_ms, p99_ms } of rows) {
    process.stdout.write(`${call.padEnd(24)}${String(connections).padStart(4)}  ${subject.padEnd(34)}${requests_per_second.toFixed(0).padStart(7)}/s  p50 ${p50_ms.toFixed(2).padStart(7)} ms  p99 ${p99_ms.toFixed(2).padStart(7)} ms\n`)
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ taken_at: new Date().toISOString(), ...about, rows }, null, 2)}\n`)
})

async function proxyOf (instances) {
  return await started('proxy', ['bench/proxy.mjs'], { ADDRESSES: instances.map(({ address }) => address).join(',') })
}

async function measure (call, connections, subjects) {
  say(`${call.name}, ${connections} connections`)
  const taken = new Map(subjects.map(({ name }) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const { name, address } of round % 2 === 0 ? subjects : subjects.toReversed()) {
      if (call.reset) await call.reset(askOf({ address }))
      const run = await load({ address, connections, seconds: round < 0 ? 1 : seconds, cycleOf: call.cycleOf, statuses: call.statuses ?? [200] })
      if (round >= 0) taken.get(name).push(run)
    }
  }
  return [...taken].map(([subject, runs]) => ({
    call: call.name, connections, subject,
    ...Object.fromEntries(['requests_per_second', 'p50_ms', 'p99_ms'].map((member) => [member, median(runs.map((run) => run[member]))]))
  }))
}
