import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../../src/project-root.ts'

const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
const launched = Object.entries(scripts).filter(([, command]) => /tools\/launch\/(?:tool|start)\.mjs/.test(command))

function run (command: string, ...args: string[]) {
  const [, ...words] = command.replace(/^exec /, '').split(' ')
  return spawnSync(process.execPath, [...words, ...args], { cwd: projectRoot, encoding: 'utf8', timeout: 30_000, env: { PATH: process.env.PATH, DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' } })
}

t.test('each program of package.json prints with --help what it does, and does nothing else', (t) => {
  t.ok(launched.length > 20)
  for (const [name, command] of launched) {
    const { status, stdout, stderr } = run(command, '--help')
    t.match({ status, stdout, stderr }, { status: 0, stdout: /^\S.{60,}/, stderr: '' }, name)
  }
  t.end()
})

t.test('npm start refuses arguments instead of ignoring them', (t) => {
  const { status, stdout, stderr } = run(scripts.start!, '--port', '80')
  t.match({ status, stdout, stderr }, { status: 2, stdout: '', stderr: /takes no arguments, but got --port 80\. Settings are environment variables/ })
  t.end()
})
