// Runs the tests of data and rules on the other versions of Node and PostgreSQL that are promised: Node 22 and 24, whose programs npm brings, and PostgreSQL 15,
// if Debian's package is installed. `npm test` runs everything on the Node that starts it, with the PostgreSQL that the service brings.
import { spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/embedded/postmaster.ts'
import { projectRoot } from '../../src/project-root.ts'
import { type Check, runChecks } from '../support/checks.ts'
import { run } from '../support/run.ts'

const nodes = [22, 24]
const oldestPostgres = '/usr/lib/postgresql/15/bin'
/** The rules of the lab, backups, HTTP, threads and the command line. They end within two minutes, also on a busy machine. */
const files = ['test/model', 'test/backup', 'test/contract/http.test.ts', 'test/routes/moves.test.ts', 'test/routes/parquet.test.ts', 'test/cli/export.test.ts']
const seconds = 280

const work = mkdtempSync(join(tmpdir(), 'platform-status-versions-'))
chmodSync(work, 0o755)
try {
  await runChecks({
    'PostgreSQL 15': onOldestPostgres,
    ...Object.fromEntries(nodes.map((major): [string, Check] => [`Node ${major}`, async () => await onNode(major)]))
  })
} finally {
  rmSync(work, { recursive: true, force: true })
}

async function onNode (major: number): Promise<string | undefined> {
  if (process.versions.node.startsWith(`${major}.`)) return 'it is the Node of npm test'
  const folder = join(work, `node-${major}`)
  await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts=false', `node@${major}`], { cwd: work, seconds: 120 })
  const bin = join(folder, 'node_modules', 'node', 'bin')
  const version = (await run(join(bin, 'node'), ['--version'])).trim()
  if (!version.startsWith(`v${major}.`)) throw new Error(`npm brought ${version}`)
  await test(join(bin, 'node'), { PATH: `${bin}:${process.env.PATH}` }, version)
  return undefined
}

async function onOldestPostgres (): Promise<string | undefined> {
  if (!existsSync(oldestPostgres)) return 'Debian\'s package postgresql-15 is not installed'
  const folder = join(work, 'postgres')
  mkdirSync(folder)
  // PostgreSQL does not run as root. Debian's `nobody` has this number.
  const owner = process.geteuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid)
  const data = join(folder, 'data')
  const start = (program: string, args: readonly string[]) => spawn(join(oldestPostgres, program), args, { cwd: folder, ...owner, stdio: 'ignore' })
  const made = await new Promise((resolve) => { start('initdb', ['-D', data, '-U', 'tests', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']).on('close', resolve) })
  if (made !== 0) throw new Error(`initdb ended with ${String(made)}`)
  const port = await freePort()
  const settings = ['fsync=off', 'full_page_writes=off', 'autovacuum=off', 'max_connections=300', 'listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=']
  const server = start('postgres', ['-D', data, ...settings.flatMap((setting) => ['-c', setting])])
  const ended = new Promise((resolve) => { server.on('close', resolve) })
  try {
    await test(process.execPath, { TEST_DATABASE_URL: `postgresql://tests@127.0.0.1:${port}/postgres` }, 'PostgreSQL 15')
  } finally {
    server.kill('SIGINT')
    await Promise.race([ended, sleep(10_000)])
  }
  return undefined
}

/** Runs the tests with this Node, and prints how many passed. */
async function test (node: string, env: Record<string, string>, version: string): Promise<void> {
  const output = await run(node, ['dist/tools/test/main.js', ...files], { cwd: projectRoot, env, seconds })
  console.log(`${version}: ${/^\d+ passed, \d+ failed$/m.exec(output)?.[0]}`)
}
