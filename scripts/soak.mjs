// The long tests: random sequences of all commands against a model, a network that lies, kills under load, and whether memory
// grows. `npm run test:soak` takes about half an hour; `npm run test:soak -- --share 0.1` a tenth of it.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, chmodSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measureMemory } from './testing/memory.mjs'

const { values } = parseArgs({ options: { share: { type: 'string', default: '1' } } })
const root = fileURLToPath(new URL('..', import.meta.url))
const share = Number(values.share)
const times = (count) => String(Math.max(1, Math.round(count * share)))

const tests = spawnSync(process.execPath, ['scripts/test.mjs', '--jobs', '1', 'test/model', 'test/faults'], {
  cwd: root, stdio: 'inherit',
  env: { ...process.env, MODEL_COMMANDS: times(30_000), LYING_COMMANDS: times(2_000), CRASH_KILLS: times(60), TEST_LONGEST_SECONDS: '3600' }
})

const directory = mkdtempSync(join(tmpdir(), 'platform-status-soak-'))
chmodSync(directory, 0o755)
const server = spawn(process.execPath, ['dist/server.js'], {
  cwd: root, env: { ...process.env, DATABASE_URL: '', DATA_DIR: join(directory, 'data'), PORT: '0', LOG_LEVEL: 'info' }, stdio: ['ignore', 'pipe', 'inherit']
})
let grown
try {
  grown = await measureMemory(server, { seconds: Number(times(300)) })
} finally {
  const ended = new Promise((resolve) => { server.on('close', resolve) })
  server.kill('SIGTERM')
  await ended
  rmSync(directory, { recursive: true, force: true })
}
const steady = grown.ratio <= 1.1
process.stdout.write(`resident memory ${grown.early} MiB after a tenth of ${grown.requests} requests, ${grown.late} MiB at the end: ${steady ? 'steady' : 'it grows'}\n`)
process.exitCode = tests.status === 0 && steady ? 0 : 1
