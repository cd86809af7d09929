import { randomUUID } from 'node:crypto'
import t from 'tap'
import { aCommandLine } from '../support/command-line.ts'
import { anExperiment, logged } from '../support/log.ts'
import { aLab } from '../support/service.ts'

const now = Date.now()
const ago = (minutes: number) => new Date(now - minutes * 60_000).toISOString()

t.test('a step is paused and resumed, after a look', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { platformStatus } = await aCommandLine(lab)
  const since = ago(30)
  const { id } = await logged(lab, { start: ago(60), finish: null })
  t.match(await platformStatus('steps', 'pause', id, '--at', since, '--dry-run'), { code: 0, out: /^the step is paused since .*; this is only a look\n$/ })
  t.match((await lab.get(`/api/steps/${id}`)).body, { status: 'running' })
  t.match((await platformStatus('steps', 'pause', id, '--at', since, '--reason', 'the door', '--json')).json, { id, status: 'paused', paused_at: since })
  t.match((await lab.get(`/api/steps/${id}/history`)).body.items, [{ kind: 'step-paused', reason: 'the door' }])
  t.match(await platformStatus('running'), { code: 0, out: new RegExp(`Reader +operation +paused +1800\\.0 .*${id}`) }, 'it was active until then')
  t.match(await platformStatus('steps', 'resume', id, '--at', ago(20)), { code: 0, out: /^the step is running; it stood for 600\.0 s\n$/ })
  t.match(await platformStatus('running'), { out: /Reader +operation +running +(30|31|32)\d\d\.\d / }, 'the pause is left out')
})

t.test('an experiment is paused and resumed', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { platformStatus } = await aCommandLine(lab)
  const { id } = await anExperiment(lab)
  t.match(await platformStatus('experiments', 'pause', id), { code: 1, err: /has not started/ })
  await logged(lab, { start: ago(60), finish: ago(50), experiment_id: id })
  t.match(await platformStatus('experiments', 'pause', id, '--reason', 'weekend'), { code: 0, out: /^the experiment is paused since / })
  t.match(await platformStatus('experiments', 'resume', id), { code: 0, out: /^the experiment is running/ })
  t.match(await platformStatus('experiments', 'pause', randomUUID()), { code: 1, err: /No experiment has this id/ })
  for (const wrong of [['pause'], ['pause', id, '--at', 'soon'], ['stop', id]]) t.match(await platformStatus('experiments', ...wrong), { code: 2 }, wrong.join(' '))
})

t.test('events are listed by time and actor', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { platformStatus } = await aCommandLine(lab)
  t.match(await platformStatus('events', '--after', ago(5)), { code: 0, out: /device-added/ })
  t.match(await platformStatus('events', '--before', ago(5)), { code: 0, out: 'no events\n' })
  t.match(await platformStatus('events', '--actor', 'nobody'), { code: 0, out: 'no events\n' })
  t.match(await platformStatus('events', '--after', 'yesterday'), { code: 2, err: /--after must be a time/ })
})
