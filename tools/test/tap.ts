import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { projectRoot } from '../../src/project-root.ts'
import { readResults, type Totals } from './results.ts'

const commandLine = fileURLToPath(new URL('run.mjs', import.meta.resolve('tap')))

/** Runs compiled test files, `jobs` at a time, and prints what they found. An abort ends them. */
export async function runTap (
  files: readonly string[], { jobs, signal, env }: { jobs: number, signal: AbortSignal, env: Record<string, string> }
): Promise<Totals> {
  if (signal.aborted) return { passed: 0, failed: 0 }
  buildPlugins()
  const timeout = process.env.TEST_LONGEST_SECONDS
  const args = ['run', '--reporter=tap', `--jobs=${jobs}`, ...timeout ? [`--timeout=${timeout}`] : [], ...files]
  // a process group of its own, so that nothing of it outlives an abort
  const tap = spawn(process.execPath, [commandLine, ...args], {
    cwd: projectRoot, env: { ...process.env, ...env }, detached: true, stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = once(tap, 'close') as Promise<[code: number | null]>
  let killing: NodeJS.Timeout | undefined
  signal.addEventListener('abort', () => {
    signalGroup(tap.pid, 'SIGTERM')
    killing = setTimeout(() => signalGroup(tap.pid, 'SIGKILL'), 5000)
  })
  const [totals, [code]] = await Promise.all([readResults(tap.stdout), ended])
  clearTimeout(killing)
  signalGroup(tap.pid, 'SIGKILL')
  // whatever tap does not accept is a failure, whether or not an assertion says so
  if (code !== 0 && totals.failed === 0) totals.failed = 1
  return totals
}

/**
 * tap's test class is generated code in node_modules that imports the plugins. tap generates it again when .taprc names other plugins, but the
 * run that does so still uses the old ones. So it is generated before the run: once after each `npm ci`, in some ten seconds.
 */
function buildPlugins (): void {
  const { plugin } = parse(readFileSync(join(projectRoot, '.taprc'), 'utf8')) as { plugin: readonly string[] }
  const unwanted = plugin.filter((name) => name.startsWith('!')).map((name) => name.slice(1))
  const tap = createRequire(import.meta.resolve('tap'))
  const testClass = readFileSync(join(dirname(tap.resolve('@tapjs/test/package.json')), 'test-built', 'dist', 'esm', 'index.js'), 'utf8')
  if (!unwanted.some((name) => testClass.includes(`from "${name}"`))) return
  process.stderr.write('building tap without the plugins that the tests do not use ...\n')
  const { status, stdout, stderr } = spawnSync(process.execPath, [commandLine, 'build'], { cwd: projectRoot, encoding: 'utf8' })
  if (status !== 0) throw new Error(`tap could not be built:\n${stdout}${stderr}`)
}

function signalGroup (pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // nothing of it is left
  }
}
