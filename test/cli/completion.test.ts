import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { aFolder } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aLab } from '../support/service.ts'

t.test('names are what the service knows, and nothing when it does not answer', async (t) => {
  const lab = await aLab(t, { Hotel: 3, Washer: 1 })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  await lab.post('/api/containers', { device: 'Hotel', name: 'unlabelled' })
  const { platformStatus } = await aCommandLine(lab)
  t.match(await platformStatus('names', 'devices'), { code: 0, out: 'Hotel\nWasher\n' })
  t.match(await platformStatus('names', 'containers'), { code: 0, out: 'P1\nunlabelled\n' })
  t.match(await (await aCommandLine(null)).platformStatus('names', 'devices'), { code: 0, out: '', err: '' })
})

t.test('bash completes commands, options and names, and runs none of them', { skip: process.platform === 'win32' && 'needs bash' }, async (t) => {
  const folder = await aFolder(t)
  const { out } = await (await aCommandLine(null)).platformStatus('completion', 'bash')
  writeFileSync(join(folder, 'completion'), out)
  writeFileSync(join(folder, 'platform-status'), `#!/bin/sh\nprintf '%s\\n' 'SCREEN_001' 'SCREEN 2' '$(touch ${folder}/run)' 'other'\n`)
  chmodSync(join(folder, 'platform-status'), 0o755)
  const complete = (...words: string[]) => execFileSync('bash', ['--norc', '-c', 'source ./completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _platform_status; printf "%s\\n" "${COMPREPLY[@]}"', 'bash', 'platform-status', ...words], {
    cwd: folder, env: { PATH: `${folder}:${process.env.PATH}` }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']
  }).trimEnd().split('\n')
  t.same(complete('e'), ['experiments', 'events', 'estimate', 'export'])
  t.same(complete('export', 'c'), ['containers'])
  t.same(complete('lab', 'he'), ['health'])
  t.same(complete('backup', '--v'), ['--verify'])
  t.same(complete('calibrate', '--s'), ['--since', '--svg'])
  t.same(complete('where', 'SCREEN'), ['SCREEN_001', 'SCREEN\\ 2'])
  t.same(complete('where', '$'), [`\\$\\(touch\\ ${folder}/run\\)`])
  t.same(complete('estimate', 'o'), ['other'])
  t.throws(() => execFileSync('test', ['-e', join(folder, 'run')]), 'a name is text')
})
