// npm run bench:start [-- --steps 100000] [--image] [--json file]: how long `npm start` takes on data that is there, what it holds in memory, how large the image is.
import { spawnSync } from 'node:child_process'
import { rmSync, statSync, writeFileSync, readdirSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startEmbedded } from '../dist/embedded/postgres.js'
import { logRealHistory, makeHistory } from './histories.mjs'
import { load, median } from './load.mjs'
import { residentMiB, started } from './processes.mjs'
import { onServer } from './server.mjs'

const { values } = parseArgs({ options: {
  steps: { type: 'string', default: '100000' }, json: { type: 'string' }, image: { type: 'boolean', default: false }
} })
const root = fileURLToPath(new URL('..', import.meta.url))
const starts = 5
const result = { taken_at: new Date().toISOString(), node: process.version }

const empty = await mkdtemp(join(tmpdir(), 'platform-status-start-'))
const full = await mkdtemp(join(tmpdir(), 'platform-status-start-'))
try {
  result.first_start_ms = (await timed(empty)).ms
  result.start_ms = await middleOf(empty)
  await fill(full)
  result.start_with_history_ms = await middleOf(full)
  result.memory_mib = await memory(full)
} finally {
  for (const directory of [empty, full]) rmSync(directory, { recursive: true, force: true })
}
// builds the image, where the tools for it are, and tells its layers
if (values.image) spawnSync(process.execPath, ['scripts/check-image.mjs'], { cwd: root, stdio: 'inherit' })
result.files_mib = { dist: megabytes(join(root, 'dist')), migrations: megabytes(join(root, 'prisma', 'migrations')) }
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
if (values.json) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`)

async function middleOf (dataDir) {
  const times = []
  for (let n = 0; n < starts; n++) times.push((await timed(dataDir)).ms)
  return median(times)
}

/** From the start of the process that `npm start` runs to its "ready", the embedded database included; then a clean stop. */
async function timed (dataDir) {
  const began = performance.now()
  const service = await start(dataDir)
  const ms = Math.round(performance.now() - began)
  await service.stop()
  return { ms }
}

async function start (dataDir) {
  return await started('npm start', ['--enable-source-maps', 'scripts/start.mjs'], { DATA_DIR: dataDir, PORT: '0' })
}

/** Puts a real history into the database of a data directory that was started before. */
async function fill (dataDir) {
  await timed(dataDir)
  const embedded = await startEmbedded({ dataDir, log: { info () {}, warn () {} } })
  try {
    await logRealHistory(embedded.url.replace(/[^/]*$/, 'postgres'), 'start_real')
    const server = embedded.url.replace(/[^/]*$/, 'postgres')
    await onServer(server, 'DROP DATABASE platform_status')
    await makeHistory(server, { real: 'start_real', name: 'platform_status', size: Number(values.steps) })
  } finally {
    await embedded.stop()
  }
}

async function memory (dataDir) {
  const service = await start(dataDir)
  await sleep(1000)
  const idle = Math.round(residentMiB(service.pid))
  const cycleOf = () => [{ method: 'GET', path: '/api/lab' }, { method: 'GET', path: '/api/steps?limit=50' }, { method: 'GET', path: '/api/devices/A/positions' }]
  await load({ address: service.address, connections: 16, seconds: 5, cycleOf, statuses: [200] })
  const loaded = Math.round(residentMiB(service.pid))
  await service.stop()
  return { idle, loaded }
}

function megabytes (path) {
  const bytes = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .reduce((total, entry) => total + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0)
  return Math.round(bytes / 2 ** 20 * 10) / 10
}
