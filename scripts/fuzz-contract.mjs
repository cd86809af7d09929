// Sends what schemathesis makes of the OpenAPI document to this service: no server error, no status and no answer that the
// document does not have. `--seconds 600` looks longer than a minute, `--seed 7` elsewhere. Skipped where Python is missing.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { environment, findPython, noPython } from './support/python.mjs'
import { root, run, runChecks } from './support/run.mjs'
import { startService } from './support/service.mjs'

const { values: { seconds, seed } } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } } })

await runChecks({
  'contract fuzzing': async () => {
    if (findPython() === null) return noPython
    const folder = await environment('schemathesis', ['scripts/fuzz/requirements.txt'])
    if (folder === null) return 'schemathesis cannot be installed here'
    const service = await startService()
    // it looks for the hooks where it runs, and keeps what it found there
    const work = mkdtempSync(join(tmpdir(), 'platform-status-'))
    try {
      cpSync(join(root, 'scripts', 'fuzz'), work, { recursive: true })
      const key = await aKey(service.url)
      const said = await run(join(folder, 'bin', 'schemathesis'), [
        '--config-file', 'schemathesis.toml', 'run', `${service.url}/openapi.json`,
        '--seed', seed, '--max-time', seconds, '--continue-on-failure', '--generation-database', 'none', '--no-color',
        '--header', `Authorization: Bearer ${key.key}`
      ], { cwd: work, seconds: Number(seconds) + 90, tell: 1000, env: { PYTHONDONTWRITEBYTECODE: '1', FUZZ_KEY_ID: key.id } })
      console.log(`  ${/Test cases:\n\s*(.*)/.exec(said)?.[1] ?? 'no count of cases'}`)
    } finally {
      rmSync(work, { recursive: true, force: true })
      await service.stop()
    }
    // a fault that it does not see as one, since some answer came
    if (service.errors.length > 0) throw new Error(`the service logged errors:\n${service.errors.join('\n')}`)
  }
})

/** From this key on the service asks for one, as the document says it does. */
async function aKey (url) {
  const answer = await fetch(`${url}/api/keys`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'schemathesis', scopes: ['admin'] })
  })
  return await answer.json()
}
