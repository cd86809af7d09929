// npm run bench:upstream [-- --quick] [--venv directory] [--python python3.11] [--database-url URL] [--json file]; see bench/README.md.
// Compares the three calls of the documented wrapper: the published package under gunicorn, and this service, on one PostgreSQL.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { freePort } from '../../src/embedded/postmaster.ts'
import { projectRoot } from '../../src/project-root.ts'
import { writeJson } from '../support/json.ts'
import { median } from '../support/quantile.ts'
import { say } from '../support/say.ts'
import { databaseUrl, execute } from '../support/server-databases.ts'
import type { BenchRequest } from './calls.ts'
import { type About, withDatabaseServer } from './database-server.ts'
import type { LoadResult } from './load.ts'
import { nodeClientLoad } from './node-client-load.ts'
import { startMeasuredService, type Subject } from './processes.ts'
import type { Figures } from './results.ts'
import { openTestService } from './service.ts'

/** The two servers that are compared. */
type Name = 'upstream' | 'service'
type Subjects = readonly Omit<Subject<Name>, 'pid'>[]
/** `aim`: how many times as many requests a second the service should answer. */
type Call = { name: string, aim: number, cycleOf: (n: number) => BenchRequest[] }
type Row = { call: string, connections: number, aim: number, upstream: Figures, service: Figures, ratio: number }

const { values } = parseArgs({ options: {
  quick: { type: 'boolean', default: false }, venv: { type: 'string' }, python: { type: 'string', default: 'python3' },
  'database-url': { type: 'string' }, json: { type: 'string' }
} })
const rounds = values.quick ? 2 : 5
const seconds = values.quick ? 1 : 3
const workers = 2
const plates = 40
const folder = join(projectRoot, 'bench', 'upstream')
const work = mkdtempSync(join(tmpdir(), 'platform-status-upstream-'))

const slots = { Fridge: 42, Left: plates, Right: plates }
const lab = { sila_servers: { storage: Object.fromEntries(Object.entries(slots).map(([device, capacity]) => [device, { capacity }])) } }
const containers = [
  ...Array.from({ length: plates }, (_, n) => ({ barcode: `P${n}`, device: 'Left', position: n, lidded: true })),
  ...Array.from({ length: 18 }, (_, n) => ({ barcode: `F${n}`, device: 'Fridge', position: n * 2, lidded: true }))
]
const move = (n: number, source: string, target: string): BenchRequest =>
  ({ method: 'POST', path: `/api/containers/P${n}/move`, body: { source_device: source, source_pos: n, target_device: target, target_pos: n } })
const calls: readonly Call[] = [
  { name: 'container by barcode', aim: 5, cycleOf: (n) => [{ method: 'GET', path: `/api/containers/P${n}` }] },
  { name: 'move', aim: 2, cycleOf: (n) => [move(n, 'Left', 'Right'), move(n, 'Right', 'Left')] },
  { name: 'positions, 42 slots', aim: 50, cycleOf: () => [{ method: 'GET', path: '/api/devices/Fridge/positions' }] }
]

try {
  const bin = installed()
  await withDatabaseServer(values['database-url'], async (server, about) => {
    const subjects: Subjects = [await startUpstream(server, bin), await startOurs(server)]
    try {
      const rows: Row[] = []
      for (const call of calls) {
        for (const connections of [1, 16]) rows.push(await measure(call, connections, subjects))
      }
      report({ taken_at: new Date().toISOString(), ...about, workers, rows })
    } finally {
      for (const subject of subjects) await subject.stop()
    }
  })
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** The programs of a virtual environment with the package; it is created when there is none. */
function installed (): string {
  const venv = values.venv ?? join(work, 'venv')
  if (!existsSync(join(venv, 'bin', 'gunicorn'))) {
    say('installing the published package')
    execFileSync(values.python, ['-m', 'venv', venv])
    execFileSync(join(venv, 'bin', 'pip'), ['install', '--quiet', '--requirement', join(folder, 'requirements.txt')], { stdio: 'inherit' })
  }
  return join(venv, 'bin')
}

async function startUpstream (server: string, bin: string): Promise<Subjects[number]> {
  await execute(server, 'CREATE DATABASE upstream')
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: databaseUrl(server, 'upstream'), PYTHONDONTWRITEBYTECODE: '1' }
  const [labPath, containersPath] = [join(work, 'lab.yaml'), join(work, 'containers.json')]
  writeFileSync(labPath, stringify(lab))
  writeFileSync(containersPath, JSON.stringify(containers))
  execFileSync(join(bin, 'python'), ['prepare.py', labPath, containersPath], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] })
  const port = await freePort()
  const child = spawn(join(bin, 'gunicorn'), ['--workers', String(workers), '--bind', `127.0.0.1:${port}`, '--log-level', 'error', 'app:app'],
    { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'close')
  const address = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  for (let attempt = 0; attempt < 300; attempt++, await sleep(100)) {
    const answer = await fetch(`${address}/api/containers/P0`).catch(() => null)
    if (answer?.ok) return { name: 'upstream', address, stop }
  }
  await stop()
  throw new Error('the documented wrapper did not start')
}

async function startOurs (server: string): Promise<Subjects[number]> {
  await execute(server, 'CREATE DATABASE ours')
  const service = await openTestService(server, 'ours')
  await service.call('PUT', '/api/lab/config', lab)
  await service.call('POST', '/api/containers/batch', { containers })
  await service.close()
  return await startMeasuredService(databaseUrl(server, 'ours'))
}

async function measure ({ name, aim, cycleOf }: Call, connections: number, subjects: Subjects): Promise<Row> {
  say(`${name}, ${connections} connections`)
  const taken: Record<Name, LoadResult[]> = { upstream: [], service: [] }
  for (let round = -1; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
      const run = await nodeClientLoad({ address: subject.address, connections, seconds: round < 0 ? 1 : seconds, cycleOf, statuses: [200] })
      if (round >= 0) taken[subject.name].push(run)
    }
  }
  const middle = (subject: Name, member: keyof Figures): number => median(taken[subject].map((run) => run[member]))
  const figures = (subject: Name): Figures => ({ requests_per_second: middle(subject, 'requests_per_second'), p50_ms: middle(subject, 'p50_ms'), p99_ms: middle(subject, 'p99_ms') })
  const ratio = median(taken.service.map(({ requests_per_second }, round) => requests_per_second / taken.upstream[round]!.requests_per_second))
  return { call: name, connections, aim, upstream: figures('upstream'), service: figures('service'), ratio }
}

function report (result: About & { taken_at: string, workers: number, rows: Row[] }): void {
  const line = (cells: readonly string[]): boolean => process.stdout.write(`${cells[0]!.padEnd(24)}${cells.slice(1).map((cell) => cell.padStart(12)).join('')}\n`)
  line(['', 'conn.', 'wrapper /s', 'p99 ms', 'service /s', 'p99 ms', 'times', 'aim'])
  for (const { call, connections, aim, upstream, service, ratio } of result.rows) {
    line([call, String(connections), upstream.requests_per_second.toFixed(0), upstream.p99_ms.toFixed(1), service.requests_per_second.toFixed(0),
      service.p99_ms.toFixed(1), ratio.toFixed(1), String(aim)])
  }
  writeJson(values.json, result)
}
