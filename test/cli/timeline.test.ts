import { randomUUID } from 'node:crypto'
import t from 'tap'
import { aCommandLine } from '../support/command-line.ts'
import { anExperiment, logged } from '../support/log.ts'
import { aLab } from '../support/service.ts'

const now = Date.now()
const ago = (minutes: number) => new Date(now - minutes * 60_000).toISOString()

t.test('the timeline of an experiment shows its steps against what was predicted, and --json what the service says', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { platformStatus } = await aCommandLine(lab)
  for (const minutes of [400, 300, 200]) await logged(lab, { data: { fct: 'read' }, start: ago(minutes), finish: ago(minutes - 10) })
  const { id } = await anExperiment(lab)
  t.match(await platformStatus('timeline', id), { code: 0, out: /^created; nothing is known of when it ends\n\nno steps\n$/ })
  await logged(lab, { data: { fct: 'read' }, start: ago(60), finish: ago(48), experiment_id: id })
  await logged(lab, { data: { fct: 'read' }, start: ago(5), finish: null, experiment_id: id })
  const { code, out } = await platformStatus('timeline', id)
  t.equal(code, 0)
  const [sentence, , head, first, second] = out.split('\n')
  t.match(sentence, new RegExp(`^running since ${ago(60).replaceAll('.', '\\.')}; `))
  t.match(head, /^start +device +what +status +seconds +median +bound +waited +containers$/)
  t.match(first, /Reader +read +completed +720\.0 +600\.0 +[\d.]+ /)
  t.match(second, /Reader +read +running +- +600\.0 +[\d.]+ /)
  const { body } = await lab.get(`/api/experiments/${id}/timeline?confidence=0.8`)
  t.match((await platformStatus('timeline', id, '--confidence', '0.8', '--json')).json, { status: 'running', items: body.items })
})

t.test('the timeline of nothing is refused, and so is a confidence that is none', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { platformStatus } = await aCommandLine(lab)
  t.match(await platformStatus('timeline', randomUUID()), { code: 1, err: /No experiment has this id/ })
  t.match(await platformStatus('timeline'), { code: 2, err: /missing required argument 'experiment'/ })
  t.match(await platformStatus('timeline', randomUUID(), '--confidence', 'high'), { code: 2, err: /--confidence must be a number, not "high"/ })
  t.match(await platformStatus('timeline', randomUUID(), '--confidence', '2'), { code: 1, err: /confidence/ })
  t.match(await platformStatus('timeline', 'Evening run'), { code: 1, err: /id/ })
})
