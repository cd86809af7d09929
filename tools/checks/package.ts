// Checks the npm package: packs it, installs the tarball in an empty folder with nothing but Node and npm, runs the service from there on a port and a database
// of its own, makes a lab, moves a plate, and stops it. Also asks npm what the package is made of (an SBOM in the format CycloneDX).
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/embedded/postmaster.ts'
import { projectRoot } from '../../src/project-root.ts'
import { runChecks } from '../support/checks.ts'
import { run } from '../support/run.ts'

type Manifest = { name: string, version: string }
type Bom = { bomFormat: string, metadata: { component: { purl: string } }, components: Manifest[] }

const { name, version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as Manifest
/** An ordinary user, who runs what is installed when this process is root. Debian's `nobody` has this number. */
const ordinary = process.geteuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

const work = mkdtempSync(join(tmpdir(), 'platform-status-package-'))
try {
  await runChecks({ 'the package installs in an empty folder and runs': installsAndRuns, 'the SBOM names the package and its parts': sbom })
} finally {
  rmSync(work, { recursive: true, force: true })
}

async function installsAndRuns (): Promise<undefined> {
  chmodSync(work, 0o755)
  await run('npm', ['pack', '--pack-destination', work], { seconds: 120 })
  const packed = readdirSync(work).find((file) => file.endsWith('.tgz'))!
  console.log(`${packed}: ${(statSync(join(work, packed)).size / 2 ** 20).toFixed(1)} MiB`)
  const empty = join(work, 'empty')
  const home = join(work, 'home')
  for (const folder of [empty, home]) mkdirSync(folder)
  copyFileSync(join(work, packed), join(empty, packed))
  // as this user, whose npm knows the registry and has what it loaded before; what is installed runs as another
  await run('npm', ['install', '--prefix', empty, '--prefer-offline', '--no-audit', '--no-fund', join(empty, packed)], { cwd: empty, seconds: 300 })
  if (ordinary.uid !== undefined) chownSync(home, ordinary.uid, ordinary.gid)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const service = spawn(join(empty, 'node_modules/.bin', name), ['serve'], {
    cwd: home, ...ordinary, env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: home, PORT: String(port), DATA_DIR: join(home, 'data'), LOG_FORMAT: 'json' },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let said = ''
  for (const stream of [service.stdout, service.stderr]) stream.on('data', (chunk: Buffer) => { said += chunk.toString() })
  const ended = new Promise<number | null>((resolve) => { service.on('close', resolve) })
  try {
    await isReady(url, service)
    const page = await fetch(url, { headers: { accept: 'text/html' } })
    if (!page.ok || !(await page.text()).includes('<script')) throw new Error(`the page answers ${page.status}`)
    await call('PUT', '/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 3 }, Washer: { capacity: 1 } } } })
    await call('POST', '/api/containers', { device: 'Hotel', position: 0, barcode: 'PLATE_1' })
    await call('POST', '/api/containers/PLATE_1/move', { target_device: 'Washer' })
    const { device } = await call('GET', '/api/containers/PLATE_1') as { device: string }
    if (device !== 'Washer') throw new Error(`the plate is on ${device}`)
    service.kill('SIGTERM')
    const code = await Promise.race([ended, sleep(20_000, 'no end')])
    if (code !== 0) throw new Error(`SIGTERM ends it with ${code}`)
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${said}`, { cause: error })
  } finally {
    service.kill('SIGKILL')
  }
  return undefined

  async function call (method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(url + path, { method, ...body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } })
    if (!response.ok) throw new Error(`${method} ${path} answers ${response.status}: ${await response.text()}`)
    return await response.json()
  }
}

async function isReady (url: string, service: ChildProcess): Promise<void> {
  for (const limit = Date.now() + 60_000; ; await sleep(200)) {
    const { ok } = await fetch(`${url}/health/ready`).catch(() => ({ ok: false }))
    if (ok) return
    if (Date.now() > limit || service.exitCode !== null) throw new Error('the service does not become ready')
  }
}

async function sbom (): Promise<undefined> {
  const bom = JSON.parse(await run('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], { seconds: 120 })) as Bom
  // its name is that of the folder; the package is in the URL
  const { purl } = bom.metadata.component
  if (bom.bomFormat !== 'CycloneDX' || purl !== `pkg:npm/${name}@${version}`) throw new Error(`it is of ${purl}`)
  if (!bom.components.some((part) => part.name === 'fastify')) throw new Error('it does not name fastify')
  console.log(`${bom.components.length} parts`)
  return undefined
}
