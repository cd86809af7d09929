import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { projectRoot } from '../../src/project-root.ts'
import { sendMessage } from '../../src/webhooks/send.ts'
import { shell, withoutCurl } from '../support/curl-session.ts'
import { aLab } from '../support/service.ts'

const page = readFileSync(join(projectRoot, 'docs', 'guides', 'webhooks.md'), 'utf8')
const withoutPython = await shell('python3 -c "import hmac"').then(() => false as const, () => 'python3 is needed')

function block (language: string): string {
  return new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)![1]!
}

async function aFreePort (): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => { server.close(() => resolve()) })
  return port
}

/** Starts an example, sends it an event, the event again, and a message that is not signed. Returns what it printed, and its answers. */
async function receiving (t: Test, program: string, args: (code: (text: string) => string) => string[]): Promise<{ printed: string, statuses: (number | null)[] }> {
  const port = await aFreePort()
  const service = await aLab(t, { Hotel: 3 })
  const { body: { id, secret } } = await service.post('/api/webhooks', { url: `http://127.0.0.1:${port}/hook` })
  const child = spawn(program, args((text) => text.replace('9000', String(port))), { cwd: projectRoot, env: { PATH: process.env.PATH, WEBHOOK_SECRET: secret }, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { child.kill('SIGKILL') })
  let printed = ''
  child.stdout.on('data', (chunk) => { printed += String(chunk) })
  const forged = async () => await sendMessage(`http://127.0.0.1:${port}/hook`, {
    headers: { 'webhook-id': 'x', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)), 'webhook-signature': 'v1,AAAA' }, body: '{"type":"forged","data":{}}', timeoutMs: 5000, stop: new AbortController().signal
  })
  let refused = await forged()
  for (; refused.status === null && child.exitCode === null; refused = await forged()) await sleep(100)
  await service.post('/api/containers', { device: 'Hotel' })
  await service.app.deliveries.deliverNow()
  await service.post(`/api/webhooks/${id}/redeliver`, { from_revision: 2 })
  await service.app.deliveries.deliverNow()
  while (!printed.includes('\n') && child.exitCode === null) await sleep(50)
  const { body: { items } } = await service.get(`/api/webhooks/${id}/attempts`)
  return { printed, statuses: [refused.status, ...items.map(({ status }: { status: number }) => status)] }
}

t.test('the call of the page creates a webhook', { skip: withoutCurl }, async (t) => {
  const service = await aLab(t, { Hotel: 3 })
  const address = await service.listen()
  t.match(JSON.parse(await shell(block('sh').replace('curl', 'curl -s').replace('localhost:8000', address))), { kinds: ['step-alarm', 'step-lost'], secret: /^whsec_/ })
})

t.test('the receiver in Node verifies messages, takes one that comes twice, and refuses a forged one', async (t) => {
  const { printed, statuses } = await receiving(t, process.execPath, (code) => ['--input-type=module', '-e', code(block('js'))])
  t.equal(printed, 'added 2\n', 'a message that comes twice counts once')
  t.same(statuses, [400, 204, 204])
})

t.test('the receiver in Python does so, too', { skip: withoutPython }, async (t) => {
  const { printed, statuses } = await receiving(t, 'python3', (code) => ['-c', code(block('python'))])
  t.match(printed, /^added 2\n/)
  t.same(statuses, [400, 204, 204])
})
