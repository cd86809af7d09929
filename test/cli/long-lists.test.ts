import t from 'tap'
import { aCommandLine } from '../support/command-line.ts'
import { aLab } from '../support/service.ts'

t.test('a list has as many as asked for, also when they are so large that the service needs several pages', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const { platformStatus } = await aCommandLine(lab)
  const step = { device: 'Reader', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:16:00Z', data: { text: 'x'.repeat(60_000) } }
  await lab.post('/api/steps/batch', { steps: Array.from({ length: 90 }, () => step) })
  t.ok((await lab.get('/api/steps?limit=90')).body.items.length < 90, 'a page ends early')
  for (const [command, asked] of [['steps', 90], ['steps', 85], ['steps', 3], ['events', 3], ['events', 2]] as const) {
    const { json } = await platformStatus(command, '--limit', String(asked), '--json')
    t.equal(json.length, asked, `${command} --limit ${asked}`)
    t.equal(new Set(json.map((item: object) => JSON.stringify(item))).size, asked)
  }
})
