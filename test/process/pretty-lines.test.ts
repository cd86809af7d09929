import t, { type Test } from 'tap'
import { openLogger } from '../../src/process/logger.ts'
import { prettyLines } from '../../src/process/pretty-lines.ts'
import { aDatabase } from '../support/database.ts'
import { plain } from '../support/plain-process.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { projectRoot } from '../../src/project-root.ts'

// eslint-disable-next-line no-control-regex -- colours are control characters
const colours = /\u001b\[\d+m/g

/** A logger for people, and what it has written, without colours. */
function aPrettyLog () {
  let written = ''
  const log = openLogger('info', prettyLines({ write: (text) => { written += text } }))
  return { log, written: () => written.replaceAll(colours, '') }
}

t.test('a request is one line that begins with what was asked and what was answered', async (t) => {
  const { log, written } = aPrettyLog()
  log.info({ request_id: 'r1', operation_id: 'getLab', method: 'GET', url: '/api/lab', duration_ms: 3.1, status: 200 }, 'request completed')
  log.info({ method: 'POST', url: '/api/containers', duration_ms: 2, status: 409, code: 'position-occupied', detail: 'Slot 0 is occupied.' }, 'request completed')
  log.info({ method: 'GET', url: '/api/lab', duration_ms: 9 }, 'request aborted')
  const [served, refused, aborted] = written().split('\n')
  t.match(served, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: GET \/api\/lab 200 3\.1 ms {"request_id":"r1","operation_id":"getLab"}$/)
  t.match(refused, /INFO: POST \/api\/containers 409 2 ms position-occupied Slot 0 is occupied\.$/)
  t.match(aborted, /INFO: GET \/api\/lab request aborted 9 ms$/)
})

t.test('what clients send cannot control the terminal, and a stack keeps its lines', async (t) => {
  const { log, written } = aPrettyLog()
  log.info({ method: 'GET', url: '/\u001b]0;own\u0007', duration_ms: 1, status: 404 }, 'request completed')
  log.warn({ reason: 'a\u009b2J\u202e' }, 'two\nlines\u001b[2J')
  log.error({ err: new Error('broken\u001b[2J') }, 'failed')
  t.notMatch(written(), /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  t.match(written(), /two\\u\{a\}lines/)
  t.match(written(), /\n +(?:"stack": )?Error: broken[^\n]*\n +at /)
})

/** What a service writes until it says its address, as a process of its own. */
async function outputOf (t: Test, env: Record<string, string>): Promise<string> {
  const [program, ...args] = plain(process.execPath, 'dist/src/server.js')
  const child = spawn(program, args, {
    cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', DATABASE_URL: await aDatabase(t), ...env }
  })
  let output = ''
  const ready = new Promise<void>((resolve) => child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    if (/ready.*\n(?:http.*\n)?$/.test(output)) resolve()
  }))
  await ready
  child.kill('SIGTERM')
  await once(child, 'close')
  return output.slice(0, output.search(/\n[^\n]*stopping/))
}

t.test('LOG_FORMAT=pretty ends the start with the address alone in a line', async (t) => {
  const lines = (await outputOf(t, { LOG_FORMAT: 'pretty' })).split('\n')
  t.match(lines.at(-2), /INFO: ready {"docs":"http:\/\/127\.0\.0\.1:\d+\/docs"}$/)
  t.match(lines.at(-1), /^http:\/\/127\.0\.0\.1:\d+$/)
})

t.test('without a terminal the lines are JSON, and the address is in the last one', async (t) => {
  const lines = (await outputOf(t, {})).split('\n').map((line) => JSON.parse(line) as { msg: string, address?: string })
  t.match(lines.at(-1), { msg: 'ready', address: /^http:/ })
})
