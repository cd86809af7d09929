import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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

t.test('the example in TypeScript prints a move', async (t) => {
  const { outputText } = ts.transpileModule(blocks('ts')[0]!, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } })
  const printed = await watching(t, process.execPath, (code) => ['--input-type=module', '-e', code(outputText)])
  t.equal(printed, '3 moved SCREEN_001\n')
})
