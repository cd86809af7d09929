import { type TextOutput, progressOf } from '../terminal/progress.ts'
import { safeLines } from '../terminal/safe-text.ts'
import { tableOf } from '../terminal/table.ts'
import type { DemoCall } from './client.ts'
import { recordEvent, clearPlatform, type ReplayEstimate, estimateRun, logRun, setUp } from './replay.ts'
import { barcodeOf, type ReplayedStep, readLabFile, type RobotlabRun } from './robotlab.ts'

const confidence = 0.95
const rowsShown = 12
const widestLabel = 60

type Demo = { call: DemoCall, address: string, out: TextOutput, runs: readonly RobotlabRun[] }

/**
 * Sends the records of a real lab to the service at the URL `address`, and prints to `out` what the service learns from them.
 * All runs but the last are logged; the last one is also replayed move by move. Can be repeated. Throws an Error if the
 * database contains another lab.
 */
export async function demo ({ call, address, out, runs }: Demo): Promise<void> {
  const line = (text = '') => out.write(`${safeLines(text)}\n`)
  const lastRun = runs.at(-1)!

  line()
  await loadLab(call)
  line('  loaded the lab file examples/robotlab/lab.yaml')
  await logHistory(call, runs.slice(0, -1), out)
  const estimatedBefore = await estimateRun(call, lastRun, confidence)
  await replay(call, lastRun, out)
  const isNew = await logRun(call, lastRun)
  line(`  logged ${lastRun.steps.length} steps of this run`)

  line('\nWhat the service learnt\n')
  for (const row of tableOf(['step', 'level', 'samples', 'median s', '95 % s'], estimateRows(lastRun.steps, await estimateRun(call, lastRun, confidence)))) line(`  ${row}`)
  if (isNew) line(`\n  ${keptBounds(lastRun.steps, estimatedBefore)}`)

  line('\nWhat to try next\n')
  for (const example of exampleCalls(address, lastRun)) line(`  ${example}`)
  line()
}

/** Applies the lab file of the records. Throws an Error if the database contains another lab. */
async function loadLab (call: DemoCall): Promise<void> {
  const labFile = await readLabFile()
  const { changes } = await call<{ changes: { action: string, device: string }[] }>('PUT', '/api/lab/config?dry_run=true', labFile)
  const others = changes.filter(({ action }) => action === 'retire').map(({ device }) => device)
  if (others.length > 0) {
    throw new Error(`This database contains another lab (${others.slice(0, 3).join(', ')}${others.length > 3 ? ', ...' : ''}). Set DATABASE_URL or DATA_DIR to a separate database for the demo.`)
  }
  await call('PUT', '/api/lab/config', labFile)
}

async function logHistory (call: DemoCall, runs: readonly RobotlabRun[], out: TextOutput): Promise<void> {
  const progress = progressOf(out, `steps of ${runs.length} earlier runs`, runs.reduce((sum, { steps }) => sum + steps.length, 0))
  for (const run of runs) {
    // The plates of earlier runs were never on this platform.
    await logRun(call, { ...run, steps: run.steps.map((step) => ({ ...step, containers: [] })) })
    progress.step(run.steps.length)
  }
  progress.done()
}

async function replay (call: DemoCall, run: RobotlabRun, out: TextOutput): Promise<void> {
  await clearPlatform(call)
  await setUp(call, run)
  const progress = progressOf(out, `moves and lids of ${run.name.slice(0, '2023-09-14_12.36'.length)}`, run.events.length)
  for (const event of run.events) {
    await recordEvent(call, run, event)
    progress.step()
  }
  progress.done()
}

/** The steps that took most of the run's time, one row for each kind of step. */
function estimateRows (steps: readonly ReplayedStep[], estimates: readonly ReplayEstimate[]): string[][] {
  const kinds = new Map<string, { seconds: number, row: string[] }>()
  for (const [index, step] of steps.entries()) {
    const { level, sample_size, median_seconds, duration_seconds } = estimates[index]!
    const kind = kinds.get(`${step.device} ${step.name}`) ??
      { seconds: 0, row: [labelOf(step), level ?? '', `${sample_size}`, tenths(median_seconds), tenths(duration_seconds)] }
    kinds.set(`${step.device} ${step.name}`, { ...kind, seconds: kind.seconds + secondsOf(step) })
  }
  return [...kinds.values()].sort((a, b) => b.seconds - a.seconds).slice(0, rowsShown).map(({ row }) => row)
}

/** A step's name without the folder of its protocol. */
function labelOf ({ device, name }: ReplayedStep): string {
  const label = `${device}: ${name.replace(/\S+\//, '')}`
  return label.length <= widestLabel ? label : `${label.slice(0, widestLabel - 1)}…`
}

/** How many steps kept the bound that was estimated before the run. */
function keptBounds (steps: readonly ReplayedStep[], estimates: readonly ReplayEstimate[]): string {
  const known = steps.map((step, index) => ({ took: secondsOf(step), bound: estimates[index]!.duration_seconds })).filter(({ bound }) => bound !== null)
  const kept = known.filter(({ took, bound }) => took <= bound!)
  return `Before the run, the service gave a 95 % bound for ${known.length} of its ${steps.length} steps. ${tenths(100 * kept.length / known.length)} % of these steps kept it.`
}

function exampleCalls (address: string, run: RobotlabRun): string[] {
  const plate = barcodeOf(run.name, Object.values(run.initial)[0] ?? '1')
  const { device, data } = run.steps.filter(({ kind }) => kind === 'operation').reduce((a, b) => secondsOf(a) >= secondsOf(b) ? a : b)
  return [
    `curl ${address}/api/containers/${plate}`,
    `curl ${address}/api/containers/${plate}/history`,
    `curl '${address}/api/devices/A/positions?empty=true&limit=1'`,
    `curl '${address}/api/steps/statistics?group_by=device,fct'`,
    `curl ${address}/api/estimates -H 'content-type: application/json' -d '${JSON.stringify({ step: { device, data }, confidence: 0.5 })}'`,
    `${address}/docs in a browser`
  ]
}

function secondsOf ({ start, finish }: ReplayedStep): number {
  return (Date.parse(finish) - Date.parse(start)) / 1000
}

function tenths (seconds: number | null): string {
  return seconds === null ? '' : seconds.toFixed(1)
}
