// npm run bench:isolation [-- --steps 400000] [--seconds 10] [--only estimates] [--database-url URL] [--json file]; see bench/README.md.
// How long robots wait for moves, lids, transfers, steps and reads of one container, alone and beside what others do.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import pg from 'pg'
import { projectRoot } from '../../src/project-root.ts'
import { writeJson } from '../support/json.ts'
import type { BenchRequest } from './calls.ts'
import { withDatabaseServer } from './database-server.ts'
import type { Flood, FloodResult } from './flood.ts'
import { makeGrown } from './growth-data.ts'
import { logRealHistory } from './histories.ts'
import { startMeasuredService } from './processes.ts'
import { aStep, besides, robotCalls, type RobotFigures } from './robots.ts'
import { databaseUrl, execute } from '../support/server-databases.ts'

type Row = { beside: string, alone: RobotFigures, robots: RobotFigures, seconds: number, did: string }
/** What runs beside the robots. Returns what it did. */
type Load = () => Promise<string>
type Keys = { admin: string, read: string, robot: string }

const { values } = parseArgs({ options: {
  steps: { type: 'string', default: '400000' }, seconds: { type: 'string', default: '10' }, only: { type: 'string' }, 'database-url': { type: 'string' }, json: { type: 'string' }
} })
const seconds = Number(values.seconds)
const steps = Number(values.steps)
const connections = 48
const asked = { p50: 25, p99: 100 }
/** Requests of each robot at least, also beside what is over sooner. */
const least = 50
const say = (text: string): boolean => process.stderr.write(`${text}\n`)
const get = (path: string): BenchRequest => ({ method: 'GET', path })
const post = (path: string, body: object): BenchRequest => ({ method: 'POST', path, body })

await withDatabaseServer(values['database-url'], async (server, about) => {
  const url = await copyOfLab(server)
  const service = await startMeasuredService(url, { RATE_LIMIT_PER_MINUTE: '0' })
  const database = new pg.Client({ connectionString: url })
  await database.connect()
  const folder = await mkdtemp(join(tmpdir(), 'platform-status-isolation-'))
  const rows: Row[] = []
  try {
    const keys = await keysOf(service.address)
    await untilLearnt(database)
    for (const [beside, load] of Object.entries(await loadsOf(service.address, keys, database, url, folder))) {
      if (values.only !== undefined && !beside.includes(values.only)) continue
      say(beside)
      await database.query('VACUUM ANALYZE')
      // Alone immediately before, because what else the machine does changes.
      const { figures: alone } = await besides(service.address, keys.robot, least, async () => { await sleep(seconds * 500) })
      const began = performance.now()
      const { figures, result } = await besides(service.address, keys.robot, least, load)
      rows.push({ beside, alone, robots: figures, seconds: (performance.now() - began) / 1000, did: result })
      print(rows.at(-1)!)
    }
  } finally {
    await database.end()
    await service.stop()
    await rm(folder, { recursive: true, force: true })
  }
  process.stdout.write(`asked: p50 within ${asked.p50} ms and p99 within ${asked.p99} ms, nothing refused; * is beyond\n`)
  writeJson(values.json, { taken_at: new Date().toISOString(), node: process.version, ...about, steps, seconds, rows })
})

/** A database with the lab. The lab itself takes minutes to make, so a server of the command line keeps it. */
async function copyOfLab (server: string): Promise<string> {
  const made = `isolation_${steps}`
  if (!await exists(server, made)) {
    say(`making a lab with ${steps.toLocaleString('en')} steps`)
    if (!await exists(server, 'isolation_real')) await logRealHistory(server, 'isolation_real')
    const grown = await makeGrown(server, { real: 'isolation_real', name: made, devices: 14, slots: 156, steps })
    await grown.close()
  }
  await execute(server, 'DROP DATABASE IF EXISTS isolation')
  await execute(server, `CREATE DATABASE isolation TEMPLATE ${made}`)
  return databaseUrl(server, 'isolation')
}

async function exists (server: string, name: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
  await client.end()
  return rowCount === 1
}

async function keysOf (address: string): Promise<Keys> {
  const create = async (name: string, scope: string, key?: string): Promise<string> => {
    const answer = await fetch(`${address}/api/keys`, {
      method: 'POST', headers: { 'content-type': 'application/json', ...key === undefined ? {} : { authorization: `Bearer ${key}` } }, body: JSON.stringify({ name, scopes: [scope] })
    })
    const { key: secret } = await answer.json() as { key?: string }
    if (secret === undefined) throw new Error(`no key ${name}: ${answer.status}`)
    return secret
  }
  const admin = await create('admin', 'admin')
  return { admin, read: await create('dashboard', 'read', admin), robot: await create('robot', 'operate', admin) }
}

async function loadsOf (address: string, keys: Keys, database: pg.Client, url: string, folder: string): Promise<Record<string, Load>> {
  const first = async <T>(text: string): Promise<T> => (await database.query(text)).rows[0] as T
  const { id: plate } = await first<{ id: string }>('SELECT id FROM container WHERE removed_at IS NOT NULL LIMIT 1')
  const { id: experiment, process_id: process } = await first<{ id: string, process_id: string }>('SELECT id, process_id FROM experiment ORDER BY id DESC LIMIT 1')
  const { revision } = await first<{ revision: number }>('SELECT revision::int FROM lab')
  const devices = await database.query<{ device: string, data: object }>(`
    SELECT d.name AS device, s.data FROM step s JOIN device d ON d.id = s.device_id WHERE s.kind = 'operation' ORDER BY s.start DESC LIMIT 5000`)
  const planned = devices.rows.map(({ device, data }) => ({ device, data }))
  const readers = (requests: readonly BenchRequest[]): Load => async () => await flood({ address, key: keys.read, connections, requests })
  const program = (args: string[]): Load => async () => {
    const began = performance.now()
    await promisify(execFile)(globalThis.process.execPath, ['dist/src/cli/main.js', ...args], {
      cwd: projectRoot, env: { PATH: globalThis.process.env.PATH, PLATFORM_STATUS_KEY: keys.read, PLATFORM_STATUS_URL: address, DATABASE_URL: url }
    })
    return `${((performance.now() - began) / 1000).toFixed(1)} s`
  }
  const batch = { steps: Array.from({ length: 5000 }, (_, n) => ({ ...aStep('D3'), containers: [`P${n % 20 + 10}`] })) }
  const store = { sila_servers: { stores: Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`Store${n}`, { capacity: 10_000 }])) } }
  return {
    'lists, counts, long pages': readers([
      get('/api/steps?count=true&sort=-duration'), get('/api/steps?limit=500'), get('/api/events?limit=500'), get('/api/containers?removed=any&limit=500&count=true'),
      get('/api/experiments?limit=500&count=true'), get('/api/steps?sort=duration&limit=500'), get('/api/events?count=true')
    ]),
    statistics: readers([get('/api/steps/statistics?group_by=device,fct'), get('/api/steps/statistics'), get('/api/steps/statistics?group_by=device')]),
    'batches of 5,000 estimates': readers([post('/api/estimates/batch', { steps: planned, total: true }), post('/api/estimates/batch', { steps: planned, confidence: 0.99 })]),
    'calibration, durations of processes': readers([get('/api/estimates/calibration'), get(`/api/processes/${process}/duration`), get('/api/lab/health')]),
    'single estimates': readers(planned.slice(0, 200).map((step) => post('/api/estimates', { step }))),
    'the lab of before, histories': readers([
      get(`/api/lab?at=${revision - 1}`), get(`/api/lab?at=${revision}`), get(`/api/devices/Fridge/positions?at=${revision}`), get(`/api/containers/${plate}/history`), get('/api/containers/P4/history')
    ]),
    'small reads': readers([
      get('/api/containers/P5'), get('/api/devices/Fridge/positions'), get(`/api/experiments/${experiment}`), get('/api/lab'), get('/api/steps'), get('/api/events'), get('/api/containers')
    ]),
    'batches of 5,000 steps': async () => await flood({ address, key: keys.robot, connections: 1, requests: [post('/api/steps/batch', batch)] }),
    'a lab file of 300,000 slots': async () => {
      const began = performance.now()
      const status = await send(address, keys.admin, '/api/lab/config?prune=false', store)
      return `${status}, ${((performance.now() - began) / 1000).toFixed(1)} s`
    },
    'the same lab file, unchanged': async () => {
      const began = performance.now()
      const status = await send(address, keys.admin, '/api/lab/config?prune=false', store)
      return `${status}, ${((performance.now() - began) / 1000).toFixed(1)} s`
    },
    'learning of 20 runs': async () => {
      const began = performance.now()
      // Not the runs of days: the robots log steps of one, so it is pending again at once.
      const { rows } = await database.query<{ key: string }>(`
        UPDATE run SET pending = true WHERE key IN (SELECT key FROM run WHERE margins IS NOT NULL AND experiment_id IS NOT NULL ORDER BY ended_at DESC LIMIT 20) RETURNING key`)
      await untilLearnt(database, rows.map(({ key }) => key))
      return `${rows.length} runs, ${((performance.now() - began) / 1000).toFixed(1)} s`
    },
    'an export of all steps': program(['export', 'steps', '--out', join(folder, 'steps.ndjson')]),
    'a backup': program(['backup', join(folder, 'lab.backup.gz')])
  }
}

async function send (address: string, key: string, path: string, body: object): Promise<number> {
  const answer = await fetch(address + path, { method: 'PUT', headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` }, body: JSON.stringify(body) })
  await answer.arrayBuffer()
  return answer.status
}

/** Sends requests from a thread of its own for some seconds. */
async function flood (workerData: Flood): Promise<string> {
  const worker = new Worker(new URL('flood.js', import.meta.url), { workerData })
  const ended = new Promise<FloodResult>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  await Promise.race([ended, sleep(seconds * 1000)])
  worker.postMessage('stop')
  const { seconds: took, statuses } = await ended
  return Object.entries(statuses).map(([status, count]) => `${status}: ${(count / took).toFixed(1)}/s`).join(', ')
}

/** Waits until all runs that are over are learnt, or those of `keys`. */
async function untilLearnt (database: pg.Client, keys: readonly string[] | null = null): Promise<void> {
  for (let pending = true; pending;) {
    await sleep(250)
    const { rows: [row] } = await database.query<{ pending: boolean }>(
      'SELECT EXISTS (SELECT FROM run WHERE pending AND run_is_over(run) AND ($1::text[] IS NULL OR key = ANY ($1))) AS pending', [keys])
    pending = row!.pending
  }
}

function print ({ beside, alone, robots, did }: Row): void {
  process.stdout.write(`beside ${beside} (${did})\n${'ms'.padEnd(12)}${['alone p50', 'p99', 'beside p50', 'p99', 'refused'].map((title) => title.padStart(12)).join('')}\n`)
  for (const call of robotCalls) {
    const { p50_ms, p99_ms, refused } = robots[call]
    const beyond = p50_ms > asked.p50 || p99_ms > asked.p99 || refused > 0 ? ' *' : ''
    const cells = [alone[call].p50_ms, alone[call].p99_ms, p50_ms, p99_ms].map((ms) => ms.toFixed(1).padStart(12))
    process.stdout.write(`${call.padEnd(12)}${cells.join('')}${String(refused).padStart(12)}${beyond}\n`)
  }
}
