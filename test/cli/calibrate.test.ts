import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { aFolder } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aLab, type Service } from '../support/service.ts'

async function logReads (lab: Service, functions: readonly string[]): Promise<void> {
  await lab.post('/api/steps/batch', { steps: Array.from({ length: 60 }, (_, index) => {
    const start = Date.parse('2026-01-01T00:00:00Z') + index * 60_000
    const seconds = 10 + index * 7 % 60 / 10
    return { device: 'Reader', data: { fct: functions[index % functions.length] }, start: new Date(start).toISOString(), finish: new Date(start + seconds * 1000).toISOString() }
  }) })
}

t.test('calibrate tells how often the bounds were kept, by method and by group', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  await logReads(lab, ['read', 'scan'])
  const { platformStatus } = await aCommandLine(lab)

  const { code, out } = await platformStatus('calibrate', '--confidence', '0.8', '--group-by', 'function')
  t.equal(code, 0)
  t.match(out, /^60 steps replayed at confidence 0\.8\n\nby +group +steps +answered +coverage +excess s +pinball s\nall +- +60 +58[\s\S]*\nmethod +rank[\s\S]*\nfunction +scan +30 +29/)
  t.match((await platformStatus('calibrate', '--limit', '10', '--group-by', 'method')).out, /^10 steps replayed at confidence 0\.95; older steps were not replayed \(--limit\)\n(?![\s\S]*\nlevel)/)
  t.match((await platformStatus('calibrate', '--since', '2026-01-01T00:30:00Z', '--json')).json, { confidence: 0.95, steps: 30, groups: [{ group: 'parameters' }], methods: [{ steps: Number }] })
})

t.test('the reliability curve is drawn where it is asked for, and over no other file', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  await logReads(lab, ['read'])
  const { platformStatus } = await aCommandLine(lab)
  const svg = join(await aFolder(t), 'reliability.svg')

  await platformStatus('calibrate')
  t.notOk(existsSync('reliability.svg'), 'no file unless --svg says which')
  t.match(await platformStatus('calibrate', '--svg', svg), { code: 0, out: `The reliability curve is in ${svg}.\n` })
  const drawing = await readFile(svg, 'utf8')
  t.match(drawing, /^<svg[\s\S]*polyline[\s\S]*<\/svg>\n$/)
  t.equal(drawing.match(/<circle /g)?.length, 7)
  t.notMatch(drawing, /NaN|undefined|null/)
  t.match(await platformStatus('calibrate', '--svg', svg), { code: 1, out: '', err: /already exists: choose another name, or use --force/ })
  t.match(await platformStatus('calibrate', '--svg', svg, '--force'), { code: 0, err: '' })
})

t.test('without steps there is nothing to tell, and the chart is empty', async (t) => {
  const { platformStatus } = await aCommandLine(await aLab(t, { Reader: 1 }))
  const svg = join(await aFolder(t), 'empty.svg')
  t.match(await platformStatus('calibrate', '--svg', svg), { code: 0, out: /all +- +0 +0 +- +- +-\n/ })
  t.notMatch(await readFile(svg, 'utf8'), /<circle|NaN|Infinity/)
})

t.test('what is asked wrongly is told how', async (t) => {
  const { platformStatus } = await aCommandLine(await aLab(t, { Reader: 1 }))
  t.match(await platformStatus('calibrate', '--confidence', 'high'), { code: 2, err: /--confidence must be a number/ })
  t.match(await platformStatus('calibrate', '--group-by', 'colour'), { code: 2, err: /Allowed choices are level, method, function, device/ })
  t.match(await platformStatus('calibrate', '--since', 'yesterday'), { code: 2, err: /--since must be a time/ })
})
