// Checks clients/python: style and types, its tests (also against this service), and a whole run of a real orchestrator
// against this service and against the status database that labs had before. Skipped where Python is missing.
import { join } from 'node:path'
import { environment, findPython, noPython } from './support/python.mjs'
import { root, run, runChecks } from './support/run.mjs'
import { startService } from './support/service.mjs'

const project = join(root, 'clients', 'python')
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
  } finally {
    await service.stop()
  }
}
