// npm run bench:plans [-- --steps 1000000] [--database-url URL] [--json file]: how PostgreSQL finds what each list and filter asks for.
// See bench/README.md.
import { parseArgs } from 'node:util'
import { writeJson } from '../support/json.ts'
import { say } from '../support/say.ts'
import { withDatabaseServer } from './database-server.ts'
import { makeGrown } from './growth-data.ts'
import { logRealHistory } from './histories.ts'
import { type List, listsOf } from './lists.ts'
import { planOf, type PlanSummary } from './plan-of.ts'

type Row = List & PlanSummary

const { values } = parseArgs({ options: {
  steps: { type: 'string', default: '1000000' }, 'database-url': { type: 'string' }, json: { type: 'string' }, all: { type: 'boolean', default: false }
} })

/** A page may read so many buffers (8 KiB): a few for each of its items. What reads more must say why. */
const mostBuffers = 2000

await withDatabaseServer(values['database-url'], async (server) => {
  say('logging the real history')
  await logRealHistory(server, 'plans_real')
  say(`making ${Number(values.steps).toLocaleString('en')} steps and events`)
  const service = await makeGrown(server, { real: 'plans_real', name: 'plans', devices: 14, slots: 156, steps: Number(values.steps) })
  const rows: Row[] = []
  for (const { path, why } of await listsOf(service)) {
    const asked = await service.statements(() => service.call('GET', path))
    const plans: PlanSummary[] = []
    for (const statement of asked) plans.push(await planOf(service.pool, statement))
    rows.push({
      path, why, ms: sum(plans, 'ms'), buffers: sum(plans, 'buffers'), filteredRows: sum(plans, 'filteredRows'),
      indexes: [...new Set(plans.flatMap(({ indexes }) => indexes))], scans: [...new Set(plans.flatMap(({ scans }) => scans))]
    })
  }
  await service.close()
  report(rows)
})

function sum (plans: readonly PlanSummary[], member: 'ms' | 'buffers' | 'filteredRows'): number {
  return plans.reduce((total, plan) => total + plan[member], 0)
}

function report (rows: readonly Row[]): void {
  let unexplained = 0
  for (const { path, why, ms, buffers, filteredRows, indexes, scans } of rows) {
    const bad = scans.length > 0 || buffers > mostBuffers
    if (bad && why === undefined) unexplained++
    const how = [...scans.map((table) => `SCANS ${table}`), ...indexes].join(' ')
    if (values.all || bad) {
      process.stdout.write(`${bad ? (why === undefined ? 'BAD ' : 'why ') : 'ok  '}${path}\n      ${ms.toFixed(1)} ms, ${buffers} buffers, ${filteredRows} rows filtered out: ${how}${bad && why !== undefined ? `\n      why: ${why}` : ''}\n`)
    }
  }
  process.stdout.write(`${rows.length} lists asked, ${unexplained} neither by an index nor explained\n`)
  writeJson(values.json, rows)
}
