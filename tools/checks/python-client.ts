// Checks clients/python: style and types, its tests (also against this service), and a whole run of a real orchestrator
// against this service and against the status database that labs had before. Skipped where Python is missing.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { projectRoot } from '../../src/project-root.ts'
import { runChecks } from '../support/checks.ts'
import { environment, findPython, noPython } from '../support/python.ts'
import { run } from '../support/run.ts'
import { startService } from '../support/service.ts'

/** What a run of the orchestrator leaves behind, by part. */
type LabState = Record<string, unknown>

const project = join(projectRoot, 'clients', 'python')
const lab = join(projectRoot, 'examples', 'adaption_template_demo_lab.yaml')
const requirements = ['clients/python/requirements-dev.txt', 'clients/python/requirements-orchestrator.txt']
// without caches in the work tree; mypy's goes where nothing is kept
const settings = { PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: join(project, 'src'), MYPY_CACHE_DIR: '/dev/null', RUFF_NO_CACHE: 'true' }

if (findPython() === null) console.log(`skipped: Python client: ${noPython}`)
else {
  const folder = await environment('python-client', requirements)
  if (folder === null) console.log('skipped: Python client: its packages cannot be installed here')
  else await check(folder)
}

async function check (folder: string): Promise<void> {
  const tool = (program: string, args: readonly string[], options: { cwd?: string, env?: Record<string, string>, seconds?: number } = {}): Promise<string> =>
    run(join(folder, 'bin', program), args, { cwd: project, ...options, env: { ...settings, ...options.env } })
  const service = await startService()
  const work = mkdtempSync(join(tmpdir(), 'platform-status-'))

  /** A whole run of the orchestrator on this service, or without one on the former database; the state of the lab that it leaves. */
  async function orchestrated (name: string, url?: string): Promise<LabState> {
    const file = join(work, `${name}.json`)
    const said = await tool('python', ['run.py', lab, file, ...url === undefined ? [] : [url]], { cwd: join(project, 'proof'), env: { FORMER_DB_DIR: work }, seconds: 150 })
    console.log(`  ${name}: ${said.trim().split('\n').at(-1)}`)
    return JSON.parse(readFileSync(file, 'utf8')) as LabState
  }

  let former: LabState | undefined
  try {
    await runChecks({
      'Python client, style': async () => {
        await tool('ruff', ['check', '.'])
        await tool('ruff', ['format', '--check', '.'])
        return undefined
      },
      'Python client, types': async () => {
        await tool('mypy', [], { seconds: 180 })
        return undefined
      },
      'Python client, tests': async () => {
        const env = { PLATFORM_STATUS_URL: service.url }
        console.log((await tool('python', ['-m', 'pytest', '-p', 'no:cacheprovider', '-p', 'no:warnings'], { env })).trim().split('\n').at(-1))
        return undefined
      },
      'metrics, read with the parser of Prometheus': async () => {
        await tool('python', ['-c', readMetrics, `${service.url}/metrics`])
        return undefined
      }
    })
    await runChecks({
      'orchestrator, the same lab as with the former database': async () => {
        const labs = await Promise.all([orchestrated('former'), orchestrated('service', service.url)])
        former = labs[0]
        same(labs[1], former)
        return undefined
      },
      'orchestrator, the same lab when the service is killed on the way': async () => {
        const over = orchestrated('killed', service.url)
        // well after the first steps, well before the last
        await Promise.race([over, sleep(14_000)])
        await service.killAndRestart()
        same(await over, former)
        return undefined
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

// The parser of the official client; it refuses names, labels and histograms that are not valid.
const readMetrics = `
import sys, urllib.request
from prometheus_client.parser import text_string_to_metric_families
text = urllib.request.urlopen(sys.argv[1]).read().decode()
families = {family.name: family for family in text_string_to_metric_families(text)}
buckets = [sample for sample in families["platform_status_request_duration_seconds"].samples if sample.name.endswith("_bucket")]
assert families["platform_status_database_up"].samples[0].value == 1
assert any(sample.labels["le"] == "+Inf" and sample.value > 0 for sample in buckets), buckets
`

function same (labState: LabState, wanted: LabState | undefined): void {
  if (wanted === undefined) throw new Error('the run on the former database did not end, so there is nothing to compare with')
  const different = Object.keys(wanted).filter((part) => !isDeepStrictEqual(labState[part], wanted[part]))
  if (different.length > 0) {
    throw new Error(`the labs differ: ${different.map((part) => `${part}\n${JSON.stringify(labState[part])}\n${JSON.stringify(wanted[part])}`).join('\n')}`)
  }
}
