import { execFileSync, spawnSync } from 'node:child_process'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { projectRoot } from '../../src/project-root.ts'
import { aProcess } from '../support/spawned.ts'
import { aDatabase } from '../support/database.ts'

t.test('serve serves until it is told to stop; backup - writes to a pipe beside it', async (t) => {
  const env = { DATABASE_URL: await aDatabase(t) }
  const server = aProcess(t, env, [process.execPath, 'dist/src/cli/main.js', 'serve', '--port', '0', '--host', '127.0.0.1'])
  const address = await server.ready()
  t.equal((await fetch(`${address}/health/live`)).status, 200)
  const file = execFileSync(process.execPath, ['dist/src/cli/main.js', 'backup', '-'], { cwd: projectRoot, env: { PATH: process.env.PATH, ...env } })
  t.match(gunzipSync(file).toString('utf8'), /^\{"format":"platform-status-backup",[^]*\n\{"tables":.*"sha256":"[0-9a-f]{64}"\}\n$/)
  server.signal('SIGTERM')
  t.match(await server.ended, { code: 0, signal: null, stderr: '' })
})

t.test('the command of the package ends with the exit code of what was asked', (t) => {
  const run = (...args: string[]) => spawnSync(process.execPath, ['tools/launch/platform-status.mjs', ...args], { cwd: projectRoot, encoding: 'utf8', env: { PATH: process.env.PATH, PLATFORM_STATUS_URL: 'http://127.0.0.1:65533' } })
  t.match(run('--version'), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  t.match(run('lab', 'show'), { status: 3, stdout: '', stderr: /^No service answers/ })
  t.end()
})
