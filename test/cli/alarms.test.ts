import t from 'tap'
import { aCommandLine } from '../support/command-line.ts'
import { logged } from '../support/log.ts'
import { aLab } from '../support/service.ts'
import { lasting } from '../support/times.ts'

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()

t.test('running tells what has to be looked at, and by when a step should be over', async (t) => {
  const lab = await aLab(t, { Reader: 1, Washer: 1 })
  const { platformStatus } = await aCommandLine(lab, { TZ: 'UTC' })
  t.match(await platformStatus('running'), { code: 0, out: 'no steps\n' })
  const read = { device: 'Reader', data: { fct: 'read' } }
  await lab.post('/api/steps/batch', { steps: Array.from({ length: 20 }, (_, n) => ({ ...read, ...lasting(40 + n % 3, 3600 + n * 100) })) })
  const quick = await logged(lab, { ...read, start: ago(5), finish: null })
  const hung = await logged(lab, { ...read, start: ago(600), finish: null })
  const { out } = await platformStatus('running')
  t.match(out, new RegExp(`^start +device +what +state +seconds +done by +containers +id\\n\\S+Z +Reader +read +alarm +60\\d\\.\\d +\\S+Z +- +${hung.id}\\n\\S+Z +Reader +read +running +\\d\\.\\d +\\S+Z +- +${quick.id}\\n$`))
  t.match((await platformStatus('running', '--json')).json, [{ state: 'alarm', step: { id: hung.id } }, { state: 'running', step: { id: quick.id } }])
})

t.test('alarms are listed, and somebody says that they are at one', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { platformStatus } = await aCommandLine(lab, { TZ: 'UTC' })
  t.match(await platformStatus('alarms'), { code: 0, out: 'no alarms\n' })
  await lab.put('/api/orchestrators/cage1', { session: 'first', ttl_seconds: 60 })
  await logged(lab, { device: 'Reader', data: { fct: 'read' }, start: ago(5), finish: null, session: 'first' })
  await lab.put('/api/orchestrators/cage1', { session: 'second', ttl_seconds: 60 })
  const [{ id }] = (await platformStatus('alarms', '--json')).json
  t.match(await platformStatus('alarms'), { code: 0, out: new RegExp(`\\n\\S+Z +lost +Reader +read +\\S+Z +- +- +${id}\\n$`) })
  t.match(await platformStatus('alarms', 'acknowledge', id), { code: 2, err: /--note/ })
  t.match(await platformStatus('alarms', 'acknowledge', id, '--note', 'Anna: on my way'), { code: 0, out: 'the alarm of Reader is acknowledged: Anna: on my way\n' })
  t.match(await platformStatus('alarms'), { out: new RegExp(` yes +Anna: on my way +${id}\\n$`) })
  t.match(await platformStatus('alarms', 'acknowledge', '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', '--note', 'x'), { code: 1, err: /No alarm has this id/ })
})
