import t from 'tap'
import { aLab } from '../support/service.ts'

t.test('calibration tells how often the promise was kept, as of its time', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const seconds = Array.from({ length: 60 }, (_, index) => 10 + index * 7 % 60 / 10)
  await lab.post('/api/steps/batch', { steps: seconds.map((duration, index) => {
    const start = Date.parse('2026-01-01T00:00:00Z') + index * 60_000
    return { device: 'Reader', data: { fct: index % 2 === 0 ? 'read' : 'scan' }, start: new Date(start).toISOString(), finish: new Date(start + duration * 1000).toISOString() }
  }) })

  const { body } = await lab.get('/api/estimates/calibration?confidence=0.8&group_by=function')
  t.match(body, { confidence: 0.8, steps: 60, truncated: false, overall: { group: null, steps: 60, answered: 58 } }, 'the first of each function had no history')
  t.strictSame(body.groups.map(({ group, steps }: { group: string, steps: number }) => [group, steps]).sort(), [['read', 30], ['scan', 30]])
  t.ok(body.overall.coverage > 0.6 && body.overall.coverage < 1 && body.overall.pinball_loss_seconds > 0)

  t.match((await lab.get('/api/estimates/calibration?limit=10')).body, { steps: 10, truncated: true, groups: [] })
  t.match((await lab.get('/api/estimates/calibration?since=2026-01-01T00:30:00Z&group_by=level')).body, { steps: 30, groups: [{ group: 'parameters' }] })
  t.match((await lab.get('/api/estimates/calibration?group_by=device')).body.groups, [{ group: 'Reader', steps: 60 }])
  for (const [parameter, value] of [['group_by', 'colour'], ['confidence', '0'], ['confidence', '1'], ['confidence', 'NaN'], ['confidence', 'high'], ['since', '2026-01-01T00:00:00'], ['limit', '0'], ['limit', '1000000']]) {
    t.match(await lab.get(`/api/estimates/calibration?${parameter}=${value}`), { status: 400, body: { errors: [{ parameter }] } }, `${parameter}=${value}`)
  }
})

t.test('a lab without steps has nothing to calibrate', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  t.match((await lab.get('/api/estimates/calibration')).body, { steps: 0, overall: { coverage: null, mean_excess_seconds: null }, groups: [] })
})
