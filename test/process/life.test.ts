import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { aDatabase } from '../support/database.ts'
import { aProcess, isRunning, type Spawned } from '../support/spawned.ts'

t.jobs = 3

/** A data directory that the user of the database can enter. Its path has a space. It is removed after the test. */
function aDataDir (t: Test): string {
  const parent = mkdtempSync(join(tmpdir(), 'platform-status test-'))
  chmodSync(parent, 0o755)
  t.teardown(() => rmSync(parent, { recursive: true, force: true }))
  return join(parent, 'data')
}

async function postmasterOf (server: Spawned): Promise<number> {
  return (await server.says('embedded database is up')).pid as number
}

async function ended (pid: number): Promise<void> {
  while (isRunning(pid)) await sleep(50)
}

async function put (address: string, capacity: number): Promise<number> {
  const body = JSON.stringify({ sila_servers: { devices: { Hotel: { capacity } } } })
  return (await fetch(`${address}/api/lab/config`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } })).status
}

async function positions (address: string): Promise<number> {
  const lab = await (await fetch(`${address}/api/lab`)).json() as { totals: { positions: number } }
  return lab.totals.positions
}

t.test('npm start brings its own database, and SIGTERM to npm stops everything', async (t) => {
  const npm = aProcess(t, { DATA_DIR: aDataDir(t) }, ['npm', 'start'])
  const address = await npm.ready()
  const postmaster = await postmasterOf(npm)
  t.equal(await put(address, 3), 200)
  npm.signal('SIGTERM')
  t.match(await npm.ended, { code: 0, signal: null })
  t.match(npm.lines.slice(-2), [{ msg: 'stopping', signal: 'SIGTERM' }, { msg: 'stopped' }])
  t.notOk(isRunning(postmaster), 'no database is left running')
  await t.rejects(fetch(`${address}/health/live`), 'nor the service')
})

t.test('what was written survives: a killed process, then everything killed, then a clean stop', async (t) => {
  const env = { DATA_DIR: aDataDir(t) }
  const first = aProcess(t, env)
  t.equal(await put(await first.ready(), 3), 200)
  const left = await postmasterOf(first)
  first.signal('SIGKILL')
  await first.ended
  t.ok(isRunning(left), 'its database goes on')

  const second = aProcess(t, env)
  t.equal(await positions(await second.ready()), 3)
  t.match(await second.says('embedded database is up'), { adopted: true, pid: left })
  t.equal(await put(await second.ready(), 4), 200)
  second.signal('SIGKILL')
  process.kill(left, 'SIGKILL')
  await Promise.all([second.ended, ended(left)])

  const third = aProcess(t, env)
  t.equal(await positions(await third.ready()), 4)
  const postmaster = await postmasterOf(third)
  third.signal('SIGINT')
  third.signal('SIGTERM')
  t.match(await third.ended, { code: 0, signal: null, stderr: '' }, 'a second signal does not disturb the stop')
  t.notOk(isRunning(postmaster))
})

t.test('told to stop in the middle of its first start, it leaves nothing running and the next start works', async (t) => {
  const env = { DATA_DIR: aDataDir(t) }
  const server = aProcess(t, env)
  while (!existsSync(env.DATA_DIR) || !readdirSync(env.DATA_DIR).some((name) => name.startsWith('postgresql'))) await sleep(10)
  server.signal('SIGTERM')
  t.match(await server.ended, { code: 0, signal: null, stderr: '' })
  t.notOk(server.lines.some(({ msg }) => msg === 'ready'))
  t.notOk(isRunning(await postmasterOf(server)))
  t.notOk(readdirSync(env.DATA_DIR).some((name) => name.startsWith('lock-')))

  const next = aProcess(t, env)
  t.equal(await positions(await next.ready()), 0)
  next.signal('SIGTERM')
  t.match(await next.ended, { code: 0 })
})

t.test('a data directory in use is refused, and the first process not disturbed', async (t) => {
  const env = { DATA_DIR: aDataDir(t) }
  const first = aProcess(t, env)
  const address = await first.ready()
  const { code, stderr } = await aProcess(t, env).ended
  t.equal(code, 1)
  t.match(stderr, /^Another platform-status \(pid \d+\) already uses the database in [^\n]+\n$/)
  t.equal((await fetch(`${address}/health/ready`)).status, 200)
  first.signal('SIGTERM')
  t.match(await first.ended, { code: 0 })
})

t.test('all faults of the configuration are told at once, without a stack and without the password', async (t) => {
  const env = { PORT: 'eighty', DATABASE_POOL_MAX: '0', LOG_LEVEL: 'loud', DATABASE_URL: 'mysql://root:secret@db/lab' }
  const { code, stderr } = await aProcess(t, env).ended
  t.equal(code, 1)
  t.match(stderr, /^The configuration has 4 errors:\n( {2}\w+ must [^\n]+\n){4}$/)
  t.notMatch(stderr, /secret/)
})

t.test('what keeps it from starting is told in one sentence', async (t) => {
  const squatter = createServer().listen(0, '127.0.0.1')
  t.teardown(() => squatter.close())
  await new Promise((resolve) => squatter.once('listening', resolve))
  const { port } = squatter.address() as AddressInfo
  const { code, stderr } = await aProcess(t, { DATABASE_URL: await aDatabase(t), PORT: String(port) }).ended
  t.equal(code, 1)
  t.match(stderr, /^Port \d+ of 127\.0\.0\.1 is in use: [^\n]+\n$/)
})
