import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { findEmbedded } from '../../src/embedded/postgres.ts'
import { aPersistentClient } from '../support/persistent-client.ts'
import { aProcess, type Spawned } from '../support/spawned.ts'
import { repetitions } from '../support/thorough.ts'

// The service and its database are killed under load, with PostgreSQL's default durability. Afterwards every acknowledged write
// is there, and none is there twice. CRASH_KILLS sets the number of kills (`npm run test:soak` uses many).

const kills = Number(process.env.CRASH_KILLS ?? repetitions({ quick: 1, thorough: 3 }))
const clients = 4

async function aFreePort (): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => { server.close(() => resolve()) })
  return port
}

function aDataDir (t: Test): string {
  const parent = mkdtempSync(join(tmpdir(), 'platform-status-crash-'))
  chmodSync(parent, 0o755)
  t.teardown(() => rmSync(parent, { recursive: true, force: true }))
  return join(parent, 'data')
}

/** The processes of a database server that serve connections. */
function backendsOf (postmaster: number): number[] {
  const listed = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(postmaster)], { encoding: 'utf8' }).split('\n')
  return listed.filter((line) => line.includes('platform_status')).map((line) => Number.parseInt(line, 10))
}

t.test(`${kills} kills of the service and its database lose nothing that was acknowledged, and do nothing twice`, async (t) => {
  const port = await aFreePort()
  const env = { DATA_DIR: aDataDir(t), PORT: String(port), LOG_LEVEL: 'info' }
  const address = `http://127.0.0.1:${port}`
  let server: Spawned = aProcess(t, env)
  await server.ready()
  const client = aPersistentClient(() => address, 120_000)
  const config = { sila_servers: { devices: { Stack: { capacity: 10_000 }, Out: { capacity: 10_000 } } } }
  t.equal((await client.put('/api/lab/config', config)).status, 200)

  const acknowledged = { added: new Set<string>(), moved: new Set<string>(), steps: new Set<string>() }
  let working = true
  const times = { start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:00:31Z' }
  async function work (): Promise<void> {
    while (working) {
      const [plate, step, log] = [randomUUID(), randomUUID(), randomUUID()]
      const added = await client.post('/api/containers', { device: 'Stack', barcode: `B-${plate}` })
      if (added.status !== 201) throw new Error(added.text)
      acknowledged.added.add(added.body.id)
      const moved = await client.post('/api/transfers', { container: added.body.id, target: { device: 'Out' }, step: { id: step, device: 'Arm', ...times } })
      if (moved.status !== 200) throw new Error(moved.text)
      acknowledged.moved.add(added.body.id)
      acknowledged.steps.add(step)
      const logged = await client.post('/api/steps', { id: log, device: 'Out', data: { fct: 'read' }, ...times, containers: [added.body.id] })
      if (logged.status >= 300) throw new Error(logged.text)
      acknowledged.steps.add(log)
    }
  }
  const working_clients = Promise.all(Array.from({ length: clients }, work))
  const rounds = { service: 0, backend: 0, database: 0 }
  for (let kill = 0; kill < kills; kill++) {
    // under load: something was written since the last kill
    for (const before = acknowledged.steps.size; acknowledged.steps.size < before + clients;) await sleep(20)
    await sleep(Math.random() * 700)
    const postmaster = (await server.says('embedded database is up')).pid as number
    const what = (['service', 'backend', 'database'] as const)[kill % 3]!
    rounds[what]++
    if (what === 'backend') {
      // PostgreSQL closes all connections and recovers from its log; the service must recover as well
      const [backend] = backendsOf(postmaster)
      if (backend !== undefined) process.kill(backend, 'SIGKILL')
      continue
    }
    // either the whole database, as in a power failure, or only the service: then its next start adopts the running database
    if (what === 'database') for (const pid of [postmaster, ...backendsOf(postmaster)]) process.kill(pid, 'SIGKILL')
    server.signal('SIGKILL')
    await server.ended
    server = aProcess(t, env)
    await server.ready()
  }
  await sleep(300)
  working = false
  await working_clients
  t.comment(`${JSON.stringify(rounds)}; ${acknowledged.added.size} containers, ${acknowledged.steps.size} steps acknowledged`)

  t.match((await client.get('/api/lab/health')).body, { healthy: true })
  const found = await findEmbedded({ dataDir: env.DATA_DIR })
  if (typeof found === 'string') throw new Error(found)
  const database = new pg.Client({ connectionString: found.url })
  await database.connect()
  const all = async (sql: string): Promise<any[]> => (await database.query({ text: sql, rowMode: 'array' })).rows
  const times_of = async (kind: string) => new Map((await all(`SELECT container_id, count(*)::int FROM event WHERE kind = '${kind}' GROUP BY 1`)) as [string, number][])
  const [added, moved, steps] = [await times_of('added'), await times_of('moved'), new Set((await all('SELECT id FROM step')).flat())]
  t.strictSame([...acknowledged.added].filter((id) => added.get(id) !== 1), [], 'every container that was acknowledged is there, once')
  t.strictSame([...acknowledged.moved].filter((id) => moved.get(id) !== 1), [], 'every transfer that was acknowledged is there, once')
  t.strictSame([...acknowledged.steps].filter((id) => !steps.has(id)), [], 'every step that was acknowledged is there')
  t.strictSame([added.size, moved.size, steps.size], [acknowledged.added.size, acknowledged.moved.size, acknowledged.steps.size], 'and nothing else, since all were acknowledged in the end')
  t.strictSame(await all('SELECT count(DISTINCT revision)::int, max(revision)::int FROM event'), [Array(2).fill((await client.get('/api/lab')).body.revision)], 'the log has no gap')
  await database.end()
  server.signal('SIGTERM')
  t.match(await server.ended, { code: 0 })
})
