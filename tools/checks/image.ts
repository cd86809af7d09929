// Checks what is deployed: lints the Dockerfile, reads the compose files, builds the image, and runs it as its own settings say against a
// PostgreSQL. Each check needs a tool and is skipped without it. No docker daemon is needed: buildah builds the image. Where the real base image
// cannot be pulled, it builds on a stand-in made of this machine's packages.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEmbedded } from '../../src/embedded/postgres.ts'
import { freePort } from '../../src/embedded/postmaster.ts'
import { projectRoot } from '../../src/project-root.ts'
import { messageOf, runChecks } from '../support/checks.ts'
import { warningsOnly } from '../support/log.ts'
import { has } from '../support/run.ts'

type RunOptions = { cwd?: string, env?: Record<string, string>, seconds?: number }

/** Runs buildah with these arguments. `command` is how it is called. */
type Buildah = { (args: readonly string[], options?: RunOptions): string, command: readonly string[] }

/** What `buildah inspect` says, as far as it is read here. */
type Inspected = {
  OCIv1: { history: { empty_layer?: boolean, created_by?: string }[] }
  Docker: { config: { User?: string, Cmd: string[], Healthcheck: { Test: string[] } } }
}

const image = 'localhost/platform-status:check'
const base = matched(/^FROM (\S+)/m, readFileSync(join(projectRoot, 'Dockerfile'), 'utf8'))

/** All checks together may take this long. */
const deadline = Date.now() + 9 * 60_000

await runChecks({ 'Dockerfile lint': lint, 'compose files': compose, image: buildAndRun })

function lint (): string | undefined {
  if (!has('hadolint')) return 'hadolint is not installed'
  run('hadolint', ['Dockerfile'])
  return undefined
}

function compose (): string | undefined {
  const env = { POSTGRES_PASSWORD: 'check' }
  const program = spawnSync('docker', ['compose', 'version']).status === 0 ? ['docker', 'compose'] : has('docker-compose') ? ['docker-compose'] : undefined
  if (program === undefined) return 'docker compose is not installed'
  for (const file of ['docker-compose.yml', 'deploy/compose/three-labs.yaml']) run(program[0]!, [...program.slice(1), '-f', file, 'config', '--quiet'], { env })
  return undefined
}

async function buildAndRun (): Promise<string | undefined> {
  if (!has('buildah')) return 'buildah is not installed'
  if (process.geteuid?.() !== 0) return 'buildah in a chroot needs root'
  const work = mkdtempSync(join(tmpdir(), 'platform-status-image-'))
  // the database that it runs against belongs to another user
  chmodSync(work, 0o755)
  const buildah = buildahIn(work)
  try {
    const missing = prepareBase(buildah, work)
    if (missing !== undefined) return missing
    buildah(['build', '--isolation', 'chroot', '--network', 'host', '--format', 'docker', '--pull-never', '--tag', image, '.'], { seconds: 480 })
    printLayers(buildah, work)
    await serves(buildah, work)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return undefined
}

/** Prints the layers of the image, with their sizes. */
function printLayers (buildah: Buildah, work: string): void {
  const copy = join(work, 'image')
  buildah(['push', '--quiet', image, `dir:${copy}`])
  const { layers } = JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8')) as { layers: { size: number }[] }
  const { OCIv1: { history } } = JSON.parse(buildah(['inspect', '--type', 'image', image])) as Inspected
  const made = history.filter(({ empty_layer: empty }) => !empty).slice(-layers.length)
  for (const [index, { size }] of layers.entries()) {
    console.log(`layer: ${(size / 2 ** 20).toFixed(1).padStart(7)} MiB  ${(made[index]?.created_by ?? '').replace(/^.*?(COPY|ADD|RUN)/, '$1').slice(0, 100)}`)
  }
  rmSync(copy, { recursive: true })
}

/** buildah with a storage of its own in `work`, so that nothing of this machine's is used or left behind. */
function buildahIn (work: string): Buildah {
  const storage = ['--root', join(work, 'storage'), '--runroot', join(work, 'run')]
  return Object.assign((args: readonly string[], options?: RunOptions) => run('buildah', [...storage, ...args], options), { command: ['buildah', ...storage] })
}

/** Gets the base image, or makes a stand-in. Returns the reason when neither is possible. */
function prepareBase (buildah: Buildah, work: string): string | undefined {
  try {
    buildah(['pull', '--quiet', base], { seconds: 60 })
    return undefined
  } catch {
    if (!has('mmdebstrap')) return `${base} cannot be pulled, and mmdebstrap, with which a stand-in is made, is not installed`
  }
  try {
    makeStandIn(buildah, work)
    return undefined
  } catch (error) {
    return `${base} cannot be pulled, and a stand-in cannot be made (${messageOf(error)})`
  }
}

/** A Debian with node and npm under the name of the base. It proves the steps of the Dockerfile, not the base itself. */
function makeStandIn (buildah: Buildah, work: string): void {
  const context = join(work, 'base')
  const release = matched(/\d-([a-z]+)/, base)
  mkdirSync(join(context, 'npm'), { recursive: true })
  run('mmdebstrap', ['--variant=minbase', '--quiet', release, join(context, 'root.tar')], { seconds: 300 })
  const version = matched(/:(\d+)/, base)
  const node = run('npx', ['--yes', '--package', `node@${version}`, 'node', '-p', 'process.execPath'], { cwd: work, seconds: 120 }).trim()
  copyFileSync(node, join(context, 'node'))
  chmodSync(join(context, 'node'), 0o755)
  cpSync(join(run('npm', ['root', '--global']).trim(), 'npm'), join(context, 'npm'), { recursive: true })
  const certificates = process.env.NODE_EXTRA_CA_CERTS
  writeFileSync(join(context, 'certificates.pem'), certificates && existsSync(certificates) ? readFileSync(certificates) : '')
  writeFileSync(join(context, 'Dockerfile'), `FROM scratch
ADD root.tar /
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY certificates.pem /etc/ssl/certificates.pem
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certificates.pem npm_config_registry=${run('npm', ['config', 'get', 'registry']).trim()}
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && useradd --create-home --uid 1000 node
`)
  buildah(['build', '--isolation', 'chroot', '--tag', `docker.io/library/${base}`, '--tag', base, context], { seconds: 300 })
  rmSync(context, { recursive: true })
}

/** Runs the image's own command as its own user on this machine's network until its own health check passes, then stops it. */
async function serves (buildah: Buildah, work: string): Promise<void> {
  const { Docker: { config } } = JSON.parse(buildah(['inspect', '--type', 'image', image])) as Inspected
  if (/^(0|root)?(:|$)/.test(config.User ?? '')) throw new Error('it runs as root')
  const database = await startEmbedded({ dataDir: join(work, 'data'), log: warningsOnly })
  const port = await freePort()
  const container = buildah(['from', '--pull-never', image]).trim()
  const inside = ['run', '--isolation', 'chroot', '--env', `DATABASE_URL=${database.url}`, '--env', 'HOST=127.0.0.1', '--env', `PORT=${port}`, container, '--']
  // buildah passes no signals on, but a process in a chroot has a pid that can be told, and sent one
  const server = spawn('buildah', [...buildah.command.slice(1), ...inside, 'sh', '-c', 'echo $$; exec "$@"', 'sh', ...config.Cmd])
  let output = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString() })
  const ended = new Promise<number | null>((resolve) => { server.on('close', resolve) })
  try {
    await until(() => buildah([...inside, ...config.Healthcheck.Test.slice(1)], { seconds: 10 }), 60)
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`)
    if (answer.status !== 200) throw new Error(`/health/ready answers ${answer.status}`)
    process.kill(Number.parseInt(output, 10), 'SIGTERM')
    if (await Promise.race([ended, sleep(20_000, 'no end')]) !== 0) throw new Error('SIGTERM does not stop it cleanly')
  } catch (error) {
    throw new Error(`${messageOf(error)}\n${output}`, { cause: error })
  } finally {
    if (server.exitCode === null) killIfRunning(Number.parseInt(output, 10))
    await Promise.race([ended, sleep(5_000)])
    await database.stop()
  }
}

function killIfRunning (pid: number): void {
  try {
    if (pid > 1) process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

/** Tries again each second until it does not throw. */
async function until (work: () => unknown, seconds: number): Promise<void> {
  for (const limit = Date.now() + seconds * 1000; ; await sleep(1000)) {
    try {
      work()
      return
    } catch (error) {
      if (Date.now() > limit) throw error
    }
  }
}

/** Runs a program to its end and returns its output. Throws with the output if it fails or takes too long; `timeout` ends what it started, too. */
function run (program: string, args: readonly string[], { cwd = projectRoot, env = {}, seconds = 60 }: RunOptions = {}): string {
  const left = Math.max(1, Math.min(seconds, Math.round((deadline - Date.now()) / 1000)))
  const { status, error, stdout, stderr } = spawnSync('timeout', ['--kill-after=5', String(left), program, ...args], {
    cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 28
  })
  if (error) throw error
  if (status === 0) return stdout
  const reason = status === 124 || status === 137 ? `did not end within ${left} s` : `ended with ${status}`
  throw new Error(`${program} ${args.join(' ')} ${reason}\n${(stdout + stderr).trim().split('\n').slice(-30).join('\n')}`)
}

/** What the first group of the pattern matches. */
function matched (pattern: RegExp, text: string): string {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`${pattern} is not in ${text}`)
  return found
}
