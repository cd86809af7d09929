import type { Call } from './client.ts'
import { type Out, progressOf } from './progress.ts'
import { book, clearPlatform, type Estimate, estimateRun, logRun, setUp } from './replay.ts'
import { barcodeOf, type LoggedStep, readLabFile, readRuns, type Run } from './robotlab.ts'
import { tableOf } from './table.ts'

const confidence = 0.95
const rowsShown = 12

/** Shows a service on `address` what a real lab did, and what it learns from it; tells about it on `out`. Can be shown again. */
export async function demo ({ call, address, out, runs }: { call: Call, address: string, out: Out, runs?: readonly Run[] }): Promise<void> {
  const line = (text = '') => out.write(`${text}\n`)
  // the last but one is a long run; what comes before it is what the lab knew by then
  const [before, [shown]] = split(runs ?? await readRuns())

  line()
  await takeLab(call)
  line('  examples/robotlab/lab.yaml is the lab')
  await logHistory(call, before, out)
  const foretold = await estimateRun(call, shown, confidence)
  await replay(call, shown, out)
  const isNew = await logRun(call, shown)
  line(`  ${shown.steps.length} steps of that run are logged`)

  line('\nWhat it learnt\n')
  for (const row of tableOf(['step', 'level', 'samples', 'median s', '95 % s'], learnt(shown.steps, await estimateRun(call, shown, confidence)))) line(`  ${row}`)
  if (isNew) line(`\n  ${keptPromises(shown.steps, foretold)}`)

  line('\nWhat to ask next\n')
  for (const asked of questions(address, shown)) line(`  ${asked}`)
  line()
}

function split (runs: readonly Run[]): [before: readonly Run[], shown: [Run]] {
  return [runs.slice(0, -2), [runs.at(-2) ?? runs[0]!]]
}

/** Makes the lab the one of the records; refuses a database that holds another. */
async function takeLab (call: Call): Promise<void> {
  const labFile = await readLabFile()
  const { changes } = await call<{ changes: { action: string, device: string }[] }>('PUT', '/api/lab/config?dry_run=true', labFile)
  const others = changes.filter(({ action }) => action === 'retire').map(({ device }) => device)
  if (others.length > 0) {
    throw new Error(`This database holds another lab (${others.slice(0, 3).join(', ')}${others.length > 3 ? ', ...' : ''}). Give the demo a DATABASE_URL or DATA_DIR of its own.`)
  }
  await call('PUT', '/api/lab/config', labFile)
}

async function logHistory (call: Call, runs: readonly Run[], out: Out): Promise<void> {
  const progress = progressOf(out, `steps of ${runs.length} earlier runs`, runs.reduce((sum, { steps }) => sum + steps.length, 0))
  for (const run of runs) {
    // their plates were never on this platform
    await logRun(call, { ...run, steps: run.steps.map((step) => ({ ...step, containers: [] })) })
    progress.step(run.steps.length)
  }
  progress.done()
}

async function replay (call: Call, run: Run, out: Out): Promise<void> {
  await clearPlatform(call)
  await setUp(call, run)
  const progress = progressOf(out, `moves and lids of ${run.name}`, run.events.length)
  for (const event of run.events) {
    await book(call, run, event)
    progress.step()
  }
  progress.done()
}

/** The steps that took most of the run's time, one row for each kind of step. */
function learnt (steps: readonly LoggedStep[], estimates: readonly Estimate[]): (string | number)[][] {
  const kinds = new Map<string, { seconds: number, row: (string | number)[] }>()
  for (const [index, step] of steps.entries()) {
    const { level, sample_size, median_seconds, duration_seconds } = estimates[index]!
    const label = labelOf(step)
    const kind = kinds.get(label) ?? { seconds: 0, row: [label, level ?? '', sample_size, round(median_seconds), round(duration_seconds)] }
    kinds.set(label, { ...kind, seconds: kind.seconds + secondsOf(step) })
  }
  return [...kinds.values()].sort((a, b) => b.seconds - a.seconds).slice(0, rowsShown).map(({ row }) => row)
}

function labelOf ({ device, data, name }: LoggedStep): string {
  const what = data.fct === 'move' ? name : [data.fct, data.protocol?.split('/').at(-1) ?? data.incu_loc].filter(Boolean).join(' ')
  return `${device}: ${what}`
}

/** How the bounds that were told before the run compare with what the steps then took. */
function keptPromises (steps: readonly LoggedStep[], estimates: readonly Estimate[]): string {
  const known = steps.map((step, index) => ({ took: secondsOf(step), bound: estimates[index]!.duration_seconds })).filter(({ bound }) => bound !== null)
  const kept = known.filter(({ took, bound }) => took <= bound!)
  return `Before the run began, ${known.length} of its ${steps.length} steps were given a 95 % bound; ${round(100 * kept.length / known.length)} % of them kept it.`
}

function questions (address: string, run: Run): string[] {
  const plate = barcodeOf(run.name, Object.values(run.world)[0] ?? '1')
  const { device, data } = run.steps.find(({ data }) => data.protocol?.includes('/')) ?? run.steps[0]!
  return [
    `curl ${address}/api/containers/${plate}`,
    `curl ${address}/api/containers/${plate}/history`,
    `curl '${address}/api/devices/A/positions?empty=true&limit=1'`,
    `curl '${address}/api/steps/statistics?group_by=device,fct'`,
    `curl ${address}/api/estimates -H 'content-type: application/json' -d '${JSON.stringify({ step: { device, data }, confidence: 0.5 })}'`,
    `${address}/docs in a browser`
  ]
}

function secondsOf ({ start, finish }: LoggedStep): number {
  return (Date.parse(finish) - Date.parse(start)) / 1000
}

function round (seconds: number | null): number {
  return Math.round((seconds ?? 0) * 10) / 10
}
