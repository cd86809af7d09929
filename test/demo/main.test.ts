import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { join } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'
import { aDatabase } from '../support/database.ts'
import { plain } from '../support/plain-process.ts'

const main = join(projectRoot, 'dist', 'src', 'demo', 'main.js')

function start (env: Record<string, string>) {
  const [program, ...args] = plain(process.execPath, main)
  const child = spawn(program, args, { env: { ...process.env, PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  return { child, lines: createInterface({ input: child.stdout }), complaint: text(child.stderr), ended: once(child, 'close') }
}

t.test('starts the service, and a signal during the demo stops it cleanly', async (t) => {
  const { child, lines, complaint, ended } = start({ DATABASE_URL: await aDatabase(t) })
  let said = ''
  for await (const line of lines) {
    said += `${line}\n`
    if (line.includes('loaded the lab file')) child.kill('SIGTERM')
  }
  t.strictSame(await ended, [0, null])
  t.match(said, 'loaded the lab file examples/robotlab/lab.yaml')
  t.equal(await complaint, '')
})

t.test('reports why the service does not start', async (t) => {
  const { complaint, ended } = start({ DATABASE_URL: 'mysql://localhost/lab' })
  t.strictSame(await ended, [1, null])
  t.match(await complaint, /DATABASE_URL must be a URL such as postgresql:\/\//)
})
