import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { projectRoot } from '../../src/project-root.ts'
import { shell, withoutCurl } from '../support/curl-session.ts'
import { aListener } from '../support/stream.ts'

const page = readFileSync(join(projectRoot, 'docs', 'guides', 'live.md'), 'utf8')
const withoutPython = await shell('python3 -c "import urllib3"').then(() => false as const, () => 'python3 with urllib3 is needed')

function blocks (language: string): string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1]!)
}

/** Starts an example and moves a plate when it listens. Returns what the example printed about it. */
async function watching (t: Test, program: string, args: (code: (text: string) => string) => string[], env: Record<string, string> = {}): Promise<string> {
  const { service, address } = await aListener(t)
  await service.post('/api/containers', { device: 'Hotel', barcode: 'SCREEN_001' })
  const child = spawn(program, args((text) => text.replaceAll('http://localhost:8000', address)), { cwd: projectRoot, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { child.kill('SIGKILL') })
  let printed = ''
  child.stdout.on('data', (chunk) => { printed += String(chunk) })
  while (service.app.feed.streams === 0 && child.exitCode === null) await sleep(50)
  await service.post('/api/containers/SCREEN_001/move', { target_device: 'Washer' })
  while (!printed.includes('\n') && child.exitCode === null) await sleep(50)
  return printed
}

t.test('the calls of the page', { skip: withoutCurl }, async (t) => {
  const { address } = await aListener(t)
  const [lab, stream, cloudEvents, fresh] = blocks('sh').flatMap((block) => block.trim().split('\n'))
    .map((line) => line.replace('curl ', 'curl -s --max-time 2 ').replace('localhost:8000', address))
  t.match(JSON.parse(await shell(lab!)), { revision: 1 })
  t.match(await shell(`${stream} || true`), /^retry: 2000\n\nevent: hello\nid: 0\ndata: \{"revision":1,.*\}\n\nevent: revision\nid: 1\ndata: \{"revision":1,"recorded_at":/)
  t.match(JSON.parse(await shell(cloudEvents!)), [{ specversion: '1.0', id: '1.0' }])
  t.match(JSON.parse(await shell(fresh!)), { revision: 1 })
})

t.test('the example in Python prints a move', { skip: withoutPython }, async (t) => {
  const printed = await watching(t, 'python3', (code) => ['-c', code(blocks('python')[0]!)], { PYTHONPATH: join(projectRoot, 'clients', 'python', 'src'), PYTHONDONTWRITEBYTECODE: '1' })
  t.equal(printed, '3 moved SCREEN_001\n')
})

const { outputText: inJavaScript } = ts.transpileModule(blocks('ts')[0]!, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } })

t.test('the example in TypeScript prints a move', async (t) => {
  const printed = await watching(t, process.execPath, (code) => ['--input-type=module', '-e', code(inJavaScript)])
  t.equal(printed, '3 moved SCREEN_001\n')
})

/** Serves the lab, `labs` times, and one stream after the other. After the last one, the key is refused. Returns its address and the paths that were asked for. */
async function aLogOf (t: Test, streams: readonly string[][], labs = Infinity): Promise<{ address: string, asked: string[] }> {
  const left = [...streams]
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    const labsRead = asked.filter((path) => path === '/api/lab').length
    const frames = request.url !== '/api/lab' ? left.shift() : labsRead <= labs ? ['{"revision":7}'] : undefined
    response.statusCode = frames === undefined ? 401 : 200
    response.end(frames?.join('') ?? '{"code":"unauthorized"}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** Runs the example in TypeScript until it ends by itself. */
async function runExample (address: string): Promise<{ code: number, stdout: string, stderr: string }> {
  return await promisify(execFile)(process.execPath, ['--input-type=module', '-e', inJavaScript.replaceAll('http://localhost:8000', address)], { cwd: projectRoot, env: { PATH: process.env.PATH }, timeout: 30_000 })
    .then((printed) => ({ code: 0, ...printed }), (error: { code: number, stdout: string, stderr: string }) => error)
}

const frame = (event: string, id: number, data: object) => `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`
const aChange = (revision: number, barcode: string) => frame('revision', revision, { revision, events: [{ kind: 'moved', after: { barcode } }] })

t.test('the example in TypeScript reads the lab again after a backup was restored, and ends when its key is refused', async (t) => {
  const { address, asked } = await aLogOf(t, [
    [frame('hello', 7, { revision: 8, log_id: 'a' }), aChange(8, 'P1')],
    [frame('hello', 8, { revision: 9, log_id: 'b' }), aChange(9, 'of another log')],
    [frame('hello', 7, { revision: 8, log_id: 'b' }), aChange(8, 'P2')],
    [frame('reset', 3, { revision: 3, log_id: 'c' }), aChange(4, 'before the lab was read')]
  ])
  const { code, stdout, stderr } = await runExample(address)
  t.equal(stdout, '8 moved P1\n8 moved P2\n')
  t.match({ code, stderr }, { code: 1, stderr: /unauthorized/ })
  t.same(asked.map((path) => path.replace('/api/events/stream?after=', '')), ['/api/lab', '7', '8', '/api/lab', '7', '8', '/api/lab', '7'])
})

t.test('the example in TypeScript ends also when its key is refused where it reads the lab: at the start, and after a backup was restored', async (t) => {
  const backup = [[frame('hello', 7, { revision: 8, log_id: 'a' }), aChange(8, 'P1')], [frame('reset', 3, { revision: 3, log_id: 'c' })]]
  for (const [labs, paths] of [[0, ['/api/lab']], [1, ['/api/lab', '7', '8', '/api/lab']]] as const) {
    const { address, asked } = await aLogOf(t, backup, labs)
    t.match(await runExample(address), { code: 1, stderr: /unauthorized/ }, `the lab was read ${labs} times`)
    t.same(asked.map((path) => path.replace('/api/events/stream?after=', '')), paths)
  }
})
