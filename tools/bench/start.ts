// npm run bench:start [-- --steps 100000] [--image] [--json file]: how long `npm start` takes on data that is there, what it holds in memory, how large the image is.
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startEmbedded } from '../../src/embedded/postgres.ts'
import { projectRoot } from '../../src/project-root.ts'
import { writeJson } from '../support/json.ts'
import { warningsOnly } from '../support/log.ts'
import { residentMiB } from '../support/process-usage.ts'
import { median } from '../support/quantile.ts'
import { databaseUrl, execute } from '../support/server-databases.ts'
import type { BenchRequest } from './calls.ts'
import { logRealHistory, makeHistory } from './histories.ts'
import { load } from './load.ts'
import { started, type Subject } from './processes.ts'

const { values } = parseArgs({ options: {
  steps: { type: 'string', default: '100000' }, json: { type: 'string' }, image: { type: 'boolean', default: false }
} })
const starts = 5
const result: Record<string, unknown> = { taken_at: new Date().toISOString(), node: process.version }

const empty = await mkdtemp(join(tmpdir(), 'platform-status-start-'))
const full = await mkdtemp(join(tmpdir(), 'platform-status-start-'))
try {
  result.first_start_ms = await timed(empty)
  result.start_ms = await middleOf(empty)
  await fill(full)
  result.start_with_history_ms = await middleOf(full)
  result.memory_mib = await memory(full)
} finally {
  for (const directory of [empty, full]) rmSync(directory, { recursive: true, force: true })
}
// builds the image where the tools for it are installed, and prints its layers
if (values.image) spawnSync(process.execPath, ['dist/tools/checks/image.js'], { cwd: projectRoot, stdio: 'inherit' })
result.files_mib = { dist: megabytes(join(projectRoot, 'dist', 'src')), migrations: megabytes(join(projectRoot, 'prisma', 'migrations')) }
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
writeJson(values.json, result)

async function middleOf (dataDir: string): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < starts; n++) times.push(await timed(dataDir))
  return median(times)
}

/** Milliseconds from the start of the process that `npm start` runs to its "ready", with the embedded database; then a clean stop. */
async function timed (dataDir: string): Promise<number> {
  const began = performance.now()
  const service = await start(dataDir)
  const ms = Math.round(performance.now() - began)
  await service.stop()
  return ms
}

async function start (dataDir: string): Promise<Subject> {
  return await started('npm start', ['--enable-source-maps', 'tools/launch/start.mjs'], { DATA_DIR: dataDir, PORT: '0' })
}

/** Puts a real history into the database of a data directory that was started before. */
async function fill (dataDir: string): Promise<void> {
  await timed(dataDir)
  const embedded = await startEmbedded({ dataDir, log: warningsOnly })
  try {
    const server = databaseUrl(embedded.url, 'postgres')
    await logRealHistory(server, 'start_real')
    await execute(server, 'DROP DATABASE platform_status')
    await makeHistory(server, { real: 'start_real', name: 'platform_status', size: Number(values.steps) })
  } finally {
    await embedded.stop()
  }
}

async function memory (dataDir: string): Promise<{ idle: number, loaded: number }> {
  const service = await start(dataDir)
  await sleep(1000)
  const idle = residentMiB(service.pid)
  const cycleOf = (): BenchRequest[] => [{ method: 'GET', path: '/api/lab' }, { method: 'GET', path: '/api/steps?limit=50' }, { method: 'GET', path: '/api/devices/A/positions' }]
  await load({ address: service.address, connections: 16, seconds: 5, cycleOf, statuses: [200] })
  const loaded = residentMiB(service.pid)
  await service.stop()
  return { idle, loaded }
}

function megabytes (path: string): number {
  const bytes = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .reduce((total, entry) => total + statSync(join(entry.parentPath, entry.name)).size, 0)
  return Math.round(bytes / 2 ** 20 * 10) / 10
}
