import t from 'tap'
import type { Place } from '../../src/contract/common.ts'
import { demoClient, type DemoCall } from '../../src/demo/client.ts'
import { recordEvent, clearPlatform, estimateRun, logRun, setUp } from '../../src/demo/replay.ts'
import { nameOfPlace, readLabFile, readRuns, type RobotlabRun } from '../../src/demo/robotlab.ts'
import { listening } from '../support/http.ts'
import { aService } from '../support/service.ts'
import { repetitions } from '../support/thorough.ts'

// The records of a real lab (examples/robotlab) go through the API as they happened: every move and every lid in order, while the
// service refuses what contradicts the tracked lab, and every step as part of the experiment of its run.

// with all runs it takes less than a minute on two idle cores; the limit leaves room for busy machines
const limitMs = 300_000
t.setTimeout(limitMs)

t.test('real runs are replayed strictly, logged and estimated', { timeout: limitMs }, async (t) => {
  const began = performance.now()
  const runs = (await readRuns()).slice(0, repetitions({ quick: 8, thorough: 32 }))
  const service = await aService(t)
  const call = demoClient(await listening(service))
  await call('PUT', '/api/lab/config', await readLabFile())

  const foretold = { steps: 0, known: 0 }
  for (const [index, run] of runs.entries()) {
    if (index >= 2) {
      const estimates = await estimateRun(call, run, 0.95)
      t.equal(estimates.length, run.steps.length)
      foretold.steps += estimates.length
      foretold.known += estimates.filter(({ duration_seconds }) => duration_seconds !== null && duration_seconds > 0).length
    }
    await clearPlatform(call)
    await setUp(call, run)
    // the times of the log may differ from the real times; only the order of the changes counts
    const [, logged] = await Promise.all([replay(call, run), logRun(call, run)])
    t.ok(logged, `${run.name}: ${run.events.length} changes of the lab and ${run.steps.length} steps without one refusal`)
    t.strictSame(await worldOf(call), placesAfter(run), `${run.name}: every plate and lid is where it was recorded`)
  }
  t.ok(foretold.known >= 0.97 * foretold.steps, `${foretold.known} of ${foretold.steps} steps after the first two runs were foretold`)
  t.comment(`replayed in ${((performance.now() - began) / 1000).toFixed(1)} s`)

  t.match(await call('GET', '/api/lab/health'), { healthy: true, findings: [] })
  const steps = sum(runs.map(({ steps }) => steps.length))
  t.match(await call('GET', '/api/steps/statistics'), { items: [{ count: steps, finished: steps, failed: 0 }] })
  t.match(await call('GET', '/api/experiments?count=true&status=completed&limit=1'), { total: runs.length })
  t.match(await call('GET', '/api/steps?count=true&kind=move&limit=1'), { total: sum(runs.map(({ steps }) => steps.filter(({ kind }) => kind === 'move').length)) })
})

async function replay (call: DemoCall, run: RobotlabRun): Promise<void> {
  for (const event of run.events) await recordEvent(call, run, event)
}

/** The place of each plate and lid after a run, computed from the records alone. */
function placesAfter (run: RobotlabRun): Record<string, string> {
  const places = new Map(Object.entries(run.initial))
  for (const event of run.events) {
    if (event.kind !== 'unlid') places.delete(event.src)
    if (event.kind !== 'lid') places.set(event.dst, event.kind === 'unlid' ? `lid ${event.what}` : event.what)
  }
  return Object.fromEntries([...places].sort())
}

type LabState = { devices: { name: string, containers: { barcode: string, position: number, lidded: boolean, lid: Place | null }[] }[] }

/** The tracked lab as the service answers it, with the names of the lab. */
async function worldOf (call: DemoCall): Promise<Record<string, string>> {
  const { devices } = await call<LabState>('GET', '/api/lab')
  const things = devices.flatMap(({ name, containers }) => containers.flatMap(({ barcode, position, lidded, lid }) => {
    const plate = barcode.split('-').at(-1)!
    const body = [nameOfPlace({ device: name, position }), plate]
    return lidded ? [body] : [body, [nameOfPlace(lid!), `lid ${plate}`]]
  }))
  return Object.fromEntries(things.sort())
}

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
