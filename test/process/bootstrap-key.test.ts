import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readConfig } from '../../src/config.ts'
import { OperatorError } from '../../src/domain/operator-error.ts'
import { start } from '../../src/process/start.ts'
import { aDatabase } from '../support/database.ts'
import { aLog } from '../support/logged.ts'

t.jobs = 2

const key = 'c0ffee'.repeat(8)

async function started (t: Test, env: Record<string, string>) {
  const stopping = new AbortController()
  const { log, lines } = aLog()
  const { address, stop } = await start({ config: readConfig({ PORT: '0', ...env }), log, signal: stopping.signal })
  t.teardown(stop)
  const status = async (path: string, bearer?: string) =>
    (await fetch(address.replace('0.0.0.0', '127.0.0.1') + path, bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } })).status
  return { lines, status }
}

async function refusal (t: Test, env: Record<string, string>): Promise<string> {
  const error = await started(t, env).then(() => new Error('it starts'), (error: unknown) => error as Error)
  t.ok(error instanceof OperatorError, 'a sentence, no bug')
  return error.message
}

/** The path of a new file with this text. */
function aFile (t: Test, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'first-key-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'key')
  writeFileSync(file, text)
  return file
}

t.test('where others reach it, it does not start without a key, and says how to go on', async (t) => {
  const url = await aDatabase(t)
  for (const HOST of ['0.0.0.0', '::', 'status.lab.example']) {
    t.match(await refusal(t, { DATABASE_URL: url, HOST }), /^There is no key yet, .*npm run keys -- create.*BOOTSTRAP_ADMIN_KEY_FILE.*HOST=127\.0\.0\.1.*AUTH=off/)
  }
})

t.test('with CORS_ORIGINS it does not start without a key, unless AUTH=off is said beside it', async (t) => {
  const url = await aDatabase(t)
  for (const CORS_ORIGINS of ['*', 'https://ui.example']) {
    t.match(await refusal(t, { DATABASE_URL: url, CORS_ORIGINS }), /^There is no key yet, .*CORS_ORIGINS.*npm run keys -- create.*AUTH=off/)
  }
  t.equal(await (await started(t, { DATABASE_URL: url, CORS_ORIGINS: '*', AUTH: 'off' })).status('/api/lab'), 200)
  const env = { DATABASE_URL: url, CORS_ORIGINS: 'https://ui.example', BOOTSTRAP_ADMIN_KEY_FILE: aFile(t, key) }
  t.equal(await (await started(t, env)).status('/api/lab', key), 200, 'with a key')
})

t.test('AUTH=off lets it, and warns', async (t) => {
  const { lines, status } = await started(t, { DATABASE_URL: await aDatabase(t), HOST: '0.0.0.0', AUTH: 'off' })
  t.match(lines.find(({ level }) => level === 'warn'), { msg: /^AUTH=off: everybody/ })
  t.equal(await status('/api/keys'), 200)
})

t.test('the file of the first key makes it once', async (t) => {
  const url = await aDatabase(t)
  const env = { DATABASE_URL: url, HOST: '0.0.0.0', BOOTSTRAP_ADMIN_KEY_FILE: aFile(t, ` ${key}\n`) }
  const both = await Promise.all([started(t, env), started(t, env)])
  const made = both.flatMap(({ lines }) => lines.filter(({ msg }) => msg.startsWith('created the first key')))
  t.equal(made.length, 1, 'also when two start together')
  for (const { status } of both) {
    t.equal(await status('/api/keys', key), 200)
    t.equal(await status('/api/lab'), 401)
  }
  t.notMatch(JSON.stringify(both.map(({ lines }) => lines)), key)

  const again = await started(t, { ...env, BOOTSTRAP_ADMIN_KEY_FILE: aFile(t, key.toUpperCase()) })
  t.match(again.lines.find(({ level }) => level === 'warn'), { msg: /BOOTSTRAP_ADMIN_KEY_FILE is ignored/ })
  t.equal(await again.status('/api/lab', key.toUpperCase()), 401, 'another one is not taken later')
})

t.test('a file that holds no good key is refused, and its text never told', async (t) => {
  const url = await aDatabase(t)
  for (const [text, says] of [['', /has 0 characters, but needs at least 32/], ['hunter2hunter2', /has 14 characters/], ['correct horse battery staple and more', /letters, digits/], ['x'.repeat(513), /more than 512/]] as const) {
    const told = await refusal(t, { DATABASE_URL: url, BOOTSTRAP_ADMIN_KEY_FILE: aFile(t, text) })
    t.match(told, says)
    if (text !== '') t.notMatch(told, text)
  }
  t.match(await refusal(t, { DATABASE_URL: url, BOOTSTRAP_ADMIN_KEY_FILE: '/no/such/file' }), /^BOOTSTRAP_ADMIN_KEY_FILE cannot be read \(ENOENT/)
  t.notMatch(await refusal(t, { DATABASE_URL: url, BOOTSTRAP_ADMIN_KEY_FILE: key }), key, 'nor a key that stands where the path belongs')
})

t.test('a file that this user may not read', { skip: process.geteuid?.() === 0 ? 'root may read all' : false }, async (t) => {
  const file = aFile(t, key)
  chmodSync(file, 0o000)
  t.match(await refusal(t, { DATABASE_URL: await aDatabase(t), BOOTSTRAP_ADMIN_KEY_FILE: file }), /EACCES/)
})
