// Checks what is deployed: lints the Dockerfile, reads docker-compose.yml, builds the image and runs it against a
// PostgreSQL as its own settings say. Each check needs a tool; without it the check is skipped, and says so. Needs no
// docker daemon: it builds with buildah, where the real base cannot be had on a stand-in made of this machine's packages.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import './ensure-built.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const image = 'localhost/platform-status:check'
const base = /^FROM (\S+)/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))[1]

/** All of it together may take this long. */
const deadline = Date.now() + 9 * 60_000

const checks = { 'Dockerfile lint': lint, 'docker-compose.yml': compose, image: buildAndRun }
let failed = false
for (const [name, check] of Object.entries(checks)) {
  const began = Date.now()
  try {
    const skipped = await check()
    console.log(skipped ? `skipped: ${name}: ${skipped}` : `passed: ${name} (${Math.round((Date.now() - began) / 1000)} s)`)
  } catch (error) {
    failed = true
    console.log(`failed: ${name}: ${error.message}`)
  }
}
process.exitCode = failed ? 1 : 0

function lint () {
  if (!has('hadolint')) return 'hadolint is not installed'
  run('hadolint', ['Dockerfile'])
}

function compose () {
  const env = { POSTGRES_PASSWORD: 'check' }
  if (spawnSync('docker', ['compose', 'version']).status === 0) run('docker', ['compose', 'config', '--quiet'], { env })
  else if (has('docker-compose')) run('docker-compose', ['-f', 'docker-compose.yml', 'config', '--quiet'], { env })
  else return 'docker compose is not installed'
}

async function buildAndRun () {
  if (!has('buildah')) return 'buildah is not installed'
  if (process.geteuid?.() !== 0) return 'buildah in a chroot needs root'
  const work = mkdtempSync(join(tmpdir(), 'platform-status-image-'))
  // the database that it runs against belongs to another user
  chmodSync(work, 0o755)
  const buildah = toolIn(work)
  try {
    const missing = prepareBase(buildah, work)
    if (missing) return missing
    buildah(['build', '--isolation', 'chroot', '--network', 'host', '--format', 'docker', '--pull-never', '--tag', image, '.'], { seconds: 480 })
    tellLayers(buildah, work)
    await serves(buildah, work)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Prints the layers of the image above its base, with what they weigh. */
function tellLayers (buildah, work) {
  const copy = join(work, 'image')
  buildah(['push', '--quiet', image, `dir:${copy}`])
  const { layers } = JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8'))
  const { OCIv1: { history } } = JSON.parse(buildah(['inspect', '--type', 'image', image]))
  const made = history.filter(({ empty_layer }) => !empty_layer).slice(-layers.length)
  for (const [index, { size }] of layers.entries()) {
    console.log(`layer: ${(size / 2 ** 20).toFixed(1).padStart(7)} MiB  ${(made[index]?.created_by ?? '').replace(/^.*?(COPY|ADD|RUN)/, '$1').slice(0, 100)}`)
  }
  rmSync(copy, { recursive: true })
}

/** buildah with a storage of its own in `work`, so that nothing of this machine's is used or left behind. */
function toolIn (work) {
  const storage = ['--root', join(work, 'storage'), '--runroot', join(work, 'run')]
  const buildah = (args, options) => run('buildah', [...storage, ...args], options)
  buildah.command = ['buildah', ...storage]
  return buildah
}

/** Gets the base image; the reason when there is no way to it. */
function prepareBase (buildah, work) {
  try {
    buildah(['pull', '--quiet', base], { seconds: 60 })
    return
  } catch {
    if (!has('mmdebstrap')) return `${base} cannot be pulled, and mmdebstrap, with which a stand-in is made, is not installed`
  }
  try {
    standIn(buildah, work)
  } catch (error) {
    return `${base} cannot be pulled, and no stand-in be made (${error.message})`
  }
}

/** A Debian with node and npm under the base's name: proves the steps of the Dockerfile, not the base itself. */
function standIn (buildah, work) {
  const context = join(work, 'base')
  const release = /(?<=\d-)[a-z]+/.exec(base)[0]
  mkdirSync(join(context, 'npm'), { recursive: true })
  run('mmdebstrap', ['--variant=minbase', '--quiet', release, join(context, 'root.tar')], { seconds: 300 })
  const version = /:(\d+)/.exec(base)[1]
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

/** Runs the image's own command as its own user, on this machine's network, until its own health check passes; stops it. */
async function serves (buildah, work) {
  const { Docker: { config } } = JSON.parse(buildah(['inspect', '--type', 'image', image]))
  if (/^(0|root)?(:|$)/.test(config.User ?? '')) throw new Error('it runs as root')
  const { startEmbedded } = await import('../dist/embedded/postgres.js')
  const database = await startEmbedded({ dataDir: join(work, 'data'), log: { info () {}, warn: console.log } })
  const port = await freePort()
  const container = buildah(['from', '--pull-never', image]).trim()
  const inside = ['run', '--isolation', 'chroot', '--env', `DATABASE_URL=${database.url}`, '--env', 'HOST=127.0.0.1', '--env', `PORT=${port}`, container, '--']
  // buildah passes no signals on, but a process in a chroot has a pid that can be told, and sent one
  const server = spawn(buildah.command[0], [...buildah.command.slice(1), ...inside, 'sh', '-c', 'echo $$; exec "$@"', 'sh', ...config.Cmd])
  let said = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => { said += chunk })
  const ended = new Promise((resolve) => { server.on('close', resolve) })
  try {
    await until(() => buildah([...inside, ...config.Healthcheck.Test.slice(1)], { seconds: 10 }), 60)
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`)
    if (answer.status !== 200) throw new Error(`/health/ready answers ${answer.status}`)
    process.kill(Number.parseInt(said, 10), 'SIGTERM')
    if (await Promise.race([ended, sleep(20_000, 'no end')]) !== 0) throw new Error('SIGTERM does not stop it cleanly')
  } catch (error) {
    throw new Error(`${error.message}\n${said}`, { cause: error })
  } finally {
    if (server.exitCode === null) killQuietly(Number.parseInt(said, 10))
    await Promise.race([ended, sleep(5_000)])
    await database.stop()
  }
}

function killQuietly (pid) {
  try {
    if (pid > 1) process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => { server.once('listening', resolve) })
  const { port } = server.address()
  await new Promise((resolve) => { server.close(resolve) })
  return port
}

async function until (work, seconds) {
  for (const limit = Date.now() + seconds * 1000; ; await sleep(1000)) {
    try {
      return work()
    } catch (error) {
      if (Date.now() > limit) throw error
    }
  }
}

function has (program) {
  return spawnSync(program, ['--version']).error === undefined
}

/** Runs a program to its end; its output. Throws what it said when it fails or takes too long, and ends all that it began. */
function run (program, args, { cwd = root, env = {}, seconds = 60 } = {}) {
  const left = Math.max(1, Math.min(seconds, Math.round((deadline - Date.now()) / 1000)))
  const { status, error, stdout, stderr } = spawnSync('timeout', ['--kill-after=5', String(left), program, ...args], {
    cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 28
  })
  if (error) throw error
  if (status === 0) return stdout
  const reason = status === 124 || status === 137 ? `did not end within ${left} s` : `ended with ${status}`
  throw new Error(`${program} ${args.join(' ')} ${reason}\n${(stdout + stderr).trim().split('\n').slice(-30).join('\n')}`)
}
