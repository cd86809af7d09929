// Sends requests that schemathesis derives from the OpenAPI document to the service: no server error, and no status or response that the document
// does not declare. `--seconds 600` runs longer than a minute, `--seed 7` sends other requests. Skipped where Python is missing.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { projectRoot } from '../../src/project-root.ts'
import { runChecks } from '../support/checks.ts'
import { environment, findPython, noPython } from '../support/python.ts'
import { run } from '../support/run.ts'
import { startService } from '../support/service.ts'

const { values: { seconds, seed } } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } } })

await runChecks({ 'contract fuzzing': fuzz })

async function fuzz (): Promise<string | undefined> {
  if (findPython() === null) return noPython
  const folder = await environment('schemathesis', ['tools/checks/fuzz/requirements.txt'])
  if (folder === null) return 'schemathesis cannot be installed here'
  const service = await startService()
  // schemathesis looks for its hooks in the working directory, and keeps what it found there
  const work = mkdtempSync(join(tmpdir(), 'platform-status-'))
  try {
    cpSync(join(projectRoot, 'tools', 'checks', 'fuzz'), work, { recursive: true })
    const key = await createKey(service.url)
    const output = await run(join(folder, 'bin', 'schemathesis'), [
      '--config-file', 'schemathesis.toml', 'run', `${service.url}/openapi.json`,
      '--seed', seed, '--max-time', seconds, '--continue-on-failure', '--generation-database', 'none', '--no-color',
      '--header', `Authorization: Bearer ${key.key}`
    ], { cwd: work, seconds: Number(seconds) + 90, quote: 1000, env: { PYTHONDONTWRITEBYTECODE: '1', FUZZ_KEY_ID: key.id } })
    console.log(`  ${/Test cases:\n\s*(.*)/.exec(output)?.[1] ?? 'no count of cases'}`)
  } finally {
    rmSync(work, { recursive: true, force: true })
    await service.stop()
  }
  // a failure that schemathesis accepts, since there was a response
  if (service.errors.length > 0) throw new Error(`the service logged errors:\n${service.errors.join('\n')}`)
  return undefined
}

/** Creates the first key. From then on the service requires one, as the document says. */
async function createKey (url: string): Promise<{ id: string, key: string }> {
  const answer = await fetch(`${url}/api/keys`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'schemathesis', scopes: ['admin'] })
  })
  return await answer.json() as { id: string, key: string }
}
