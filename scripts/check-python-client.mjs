// Checks clients/python: style and types, its tests (also against this service), and a whole run of a real orchestrator
// against this service and against the status database that labs had before. Skipped where Python is missing.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { environment, findPython, noPython } from './support/python.mjs'
import { root, run, runChecks } from './support/run.mjs'
import { startService } from './support/service.mjs'

const project = join(root, 'clients', 'python')
const lab = join(root, 'examples', 'adaption_template_demo_lab.yaml')
const requirements = ['clients/python/requirements-dev.txt', 'clients/python/requirements-orchestrator.txt']
// without caches in the work tree; mypy's goes where nothing is kept
const settings = { PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: join(project, 'src'), MYPY_CACHE_DIR: '/dev/null', RUFF_NO_CACHE: 'true' }

if (findPython() === null) console.log(`skipped: Python client: ${noPython}`)
else {
  const folder = await environment('python-client', requirements)
  if (folder === null) console.log('skipped: Python client: its packages cannot be installed here')
  else await check(folder)
}

async function check (folder) {
  const tool = (program, args, options = {}) =>
    run(join(folder, 'bin', program), args, { cwd: project, ...options, env: { ...settings, ...options.env } })
  const service = await startService()
  const work = mkdtempSync(join(tmpdir(), 'platform-status-'))

  /** A whole run of the orchestrator on this service, or without one on the former database; the world that it leaves. */
  async function orchestrated (name, url) {
    const world = join(work, `${name}.json`)
    const said = await tool('python', ['run.py', lab, world, ...url ? [url] : []], { cwd: join(project, 'proof'), env: { FORMER_DB_DIR: work }, seconds: 150 })
    console.log(`  ${name}: ${said.trim().split('\n').at(-1)}`)
    return JSON.parse(readFileSync(world, 'utf8'))
  }

  let former
  try {
    await runChecks({
      'Python client, style': async () => {
        await tool('ruff', ['check', '.'])
        await tool('ruff', ['format', '--check', '.'])
      },
      'Python client, types': async () => {
        await tool('mypy', [], { seconds: 180 })
      },
      'Python client, tests': async () => {
        const env = { PLATFORM_STATUS_URL: service.url }
        console.log((await tool('python', ['-m', 'pytest', '-p', 'no:cacheprovider', '-p', 'no:warnings'], { env })).trim().split('\n').at(-1))
      }
    })
    await runChecks({
      'orchestrator, the same world as with the former database': async () => {
        const worlds = await Promise.all([orchestrated('former'), orchestrated('service', service.url)])
        former = worlds[0]
        same(worlds[1], former)
      },
      'orchestrator, the same world when the service is killed on the way': async () => {
        const over = orchestrated('killed', service.url)
        // well after the first steps, well before the last
        await Promise.race([over, sleep(14_000)])
        await service.killAndRestart()
        same(await over, former)
      }
    })
    if (service.errors.length > 0) {
      process.exitCode = 1
      console.log(`failed: the service logged errors:\n${service.errors.join('\n')}`)
    }
  } finally {
    await service.stop()
    rmSync(work, { recursive: true, force: true })
  }
}

function same (world, wanted) {
  const different = Object.keys(wanted ?? {}).filter((part) => !isDeepStrictEqual(world[part], wanted[part]))
  if (wanted === undefined || different.length > 0) {
    throw new Error(`the worlds differ: ${different.map((part) => `${part}\n${JSON.stringify(world[part])}\n${JSON.stringify(wanted[part])}`).join('\n')}`)
  }
}
