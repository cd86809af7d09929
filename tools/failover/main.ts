// npm run test:failover [-- --short] [--timing 30/10/10] [--robots 8]
// The service on a PostgreSQL that fails over: three machines with etcd and Patroni each, and HAProxy, all of them this machine, with the files of deploy/patroni.
// The leader is killed, frozen and replaced while robots write, and so is etcd. No acknowledged write may be lost or doubled, the service must go on by itself, and robots may see
// only success and 503 with Retry-After. Prints the longest time without an acknowledged write for each event. --short: two events instead of eight.
// --timing: ttl, loop_wait and retry_timeout of Patroni instead of those of deploy/patroni/node.env.
// Root with apt-get may install what is missing; otherwise the exit code is 77, and a line says what is missing.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { unprivilegedUser } from '../../src/embedded/user.ts'
import { messageOf } from '../support/checks.ts'
import { findOrInstall, findPostgres, findProgram, Lacking, leftOut } from '../support/packages.ts'
import { openPrograms } from '../support/programs.ts'
import { say } from '../support/say.ts'
import { type RunningService, startService } from '../support/service.ts'
import { type Audit, audit } from './audit.ts'
import { type Cluster, type Installed, startCluster, type Timing } from './cluster.ts'
import { type Event, events, shortEvents } from './events.ts'
import { findPythonFor, installPatroni } from './patroni.ts'
import { makeLab, type Robots, startRobots } from './robots.ts'

const { values: { short, timing, robots: robotCount } } = parseArgs({
  options: { short: { type: 'boolean', default: false }, timing: { type: 'string' }, robots: { type: 'string', default: '8' } }
})

const work = mkdtempSync(join(tmpdir(), 'platform-status-failover-'))
// the programs run as another user when this one is root
chmodSync(work, 0o755)
const isRoot = process.getuid?.() === 0
let service: RunningService | undefined
let programs: ReturnType<typeof openPrograms> | undefined

// what the tool started ends with it, however it ends
process.once('exit', () => {
  programs?.killAll()
  rmSync(work, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => { void tearDown().finally(() => process.exit(1)) })
}

try {
  await main()
} catch (error) {
  process.exitCode = error instanceof Lacking ? leftOut : 1
  if (error instanceof Lacking) console.log(`skipped: failover: ${error.message}`)
  else console.log(`${programs?.lastWords() ?? ''}\nfailed: failover: ${messageOf(error)}`)
} finally {
  await tearDown()
}

async function main (): Promise<void> {
  if (process.platform !== 'linux') throw new Lacking('it needs Linux')
  const installed = await install()
  const folder = join(work, 'cluster')
  mkdirSync(folder)
  const owner = isRoot ? await unprivilegedUser() : undefined
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
  programs = openPrograms(folder, owner)
  say('starting three etcd, three Patroni nodes and HAProxy')
  const cluster = await startCluster(programs, installed, timingOf(timing))
  service = await startService({ DATABASE_URL: cluster.url, RATE_LIMIT_PER_MINUTE: '0' })
  await makeLab(service.url, Number(robotCount))
  const robots = startRobots(service.url, Number(robotCount))
  const gaps: [event: string, seconds: number][] = []
  for (const [name, event] of Object.entries(short ? shortEvents : events)) gaps.push([name, await gapOf(name, event, cluster, robots)])
  await robots.stop()
  report(gaps, robots, await audit(service.url, robots.acknowledged))
}

async function install (): Promise<Installed> {
  const { etcd, haproxy, postgres } = await findOrInstall({
    etcd: { find: () => findProgram('etcd'), package: 'etcd-server' },
    haproxy: { find: () => findProgram('haproxy'), package: 'haproxy' },
    postgres: { find: findPostgres, package: 'postgresql' }
  })
  // the user postgres may come with its package
  const owner = isRoot ? await unprivilegedUser() : undefined
  const { python } = await findOrInstall({ python: { find: () => findPythonFor(owner), package: 'python3-venv' } })
  return { etcd, haproxy, postgres, patroni: await installPatroni(join(work, 'patroni'), python) }
}

async function gapOf (name: string, event: Event, cluster: Cluster, robots: Robots): Promise<number> {
  say(name)
  const began = performance.now()
  await event(cluster)
  await cluster.settled()
  const gap = robots.longestGap(began)
  say(`  ${gap.toFixed(1)} s without an acknowledged write`)
  return gap
}

function report (gaps: readonly [event: string, seconds: number][], { answers }: Robots, { acknowledged, lost, doubled }: Audit): void {
  console.log('| event | longest gap without an acknowledged write |\n|---|---|')
  for (const [event, seconds] of gaps) console.log(`| ${event} | ${seconds.toFixed(1)} s |`)
  console.log(`\n${acknowledged} acknowledged writes: ${lost.length} lost, ${doubled.length} doubled`)
  console.log(`answers: ${[...answers].map(([said, count]) => `${said}: ${count}`).join(', ')}`)
  if (lost.length + doubled.length > 0) throw new Error(`lost: ${lost.slice(0, 10).join(' ')}; doubled: ${doubled.slice(0, 10).join(' ')}`)
  console.log('passed: failover')
}

function timingOf (text: string | undefined): Partial<Timing> {
  if (text === undefined) return {}
  const [, TTL, LOOP_WAIT, RETRY_TIMEOUT] = /^(\d+)\/(\d+)\/(\d+)$/.exec(text) ?? []
  if (TTL === undefined || LOOP_WAIT === undefined || RETRY_TIMEOUT === undefined) throw new Error('--timing is ttl/loop_wait/retry_timeout, such as 30/10/10')
  return { TTL, LOOP_WAIT, RETRY_TIMEOUT }
}

async function tearDown (): Promise<void> {
  await service?.stop()
  service = undefined
  await programs?.endAll()
}
