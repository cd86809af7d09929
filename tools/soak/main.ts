// The long tests: random sequences of all commands against a model, a network that loses and repeats requests, kills under load, how
// long the worst requests hold the event loop, and whether the memory grows. `npm run test:soak` takes about half an hour; `npm run test:soak -- --share 0.1` a tenth of it.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { projectRoot } from '../../src/project-root.ts'
import { measureMemory, type MemoryGrowth } from './memory.ts'

const { values } = parseArgs({ options: { share: { type: 'string', default: '1' } } })
const share = Number(values.share)
const times = (count: number): string => String(Math.max(1, Math.round(count * share)))

const tests = spawnSync(process.execPath, ['tools/launch/tool.mjs', 'test/main', '--jobs', '1', 'test/model', 'test/faults', 'test/hostile', 'test/estimation', 'test/stream'], {
  cwd: projectRoot, stdio: 'inherit',
  env: {
    ...process.env, MODEL_COMMANDS: times(30_000), LYING_COMMANDS: times(2_000), CRASH_KILLS: times(60), STREAM_KILLS: times(1_000), HOSTILE_TEXT_BYTES: '1048576', EVERY_SPLIT: '1',
    REFERENCE_HISTORIES: times(1000), TEST_LONGEST_SECONDS: '3600'
  }
})

const bounded = spawnSync(process.execPath, ['tools/launch/tool.mjs', 'test/main', '--jobs', '1', 'test/contract/bounded-work.test.ts', 'test/contract/bounded-reads.test.ts', 'test/contract/large-lab.test.ts'], {
  cwd: projectRoot, stdio: 'inherit', env: { ...process.env, BOUNDED_BY_CLOCK: '1', TEST_LONGEST_SECONDS: '3600' }
})

const directory = mkdtempSync(join(tmpdir(), 'platform-status-soak-'))
chmodSync(directory, 0o755)
const server = spawn(process.execPath, ['dist/src/server.js'], {
  cwd: projectRoot, env: { ...process.env, DATABASE_URL: '', DATA_DIR: join(directory, 'data'), PORT: '0', LOG_LEVEL: 'info' }, stdio: ['ignore', 'pipe', 'inherit']
})
let growth: MemoryGrowth
try {
  growth = await measureMemory(server, { seconds: Number(times(300)) })
} finally {
  const ended = new Promise((resolve) => { server.on('close', resolve) })
  server.kill('SIGTERM')
  await ended
  rmSync(directory, { recursive: true, force: true })
}
const steady = growth.ratio <= 1.1
process.stdout.write(`resident memory ${growth.early} MiB after a tenth of ${growth.requests} requests, ${growth.late} MiB at the end: ${steady ? 'steady' : 'it grows'}\n`)
process.exitCode = tests.status === 0 && bounded.status === 0 && steady ? 0 : 1
