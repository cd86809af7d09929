import t from 'tap'
import { aCommandLine } from '../support/command-line.ts'
import { rows } from '../support/log.ts'
import { aLab } from '../support/service.ts'

const fromNow = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()

t.test('many steps are decided about in one command, after a look', async (t) => {
  const lab = await aLab(t, { Washer: 1, Reader: 1 })
  const { platformStatus } = await aCommandLine(lab)
  await lab.post('/api/steps/batch', { steps: ['Washer', 'Washer', 'Reader'].map((device) => ({ device, data: { fct: 'x' }, start: fromNow(-10), finish: fromNow(3600) })) })
  const where = ['--where', 'excluded_from_estimates=clock', '--where', 'device=Washer'] as const
  t.match(await platformStatus('steps', 'exclude', ...where, '--dry-run'), { code: 0, out: /^step +device +function .*\n.* Washer +x .* clock\n.*\n\n2 steps would match, 2 would change; this is only a look\n$/ })
  t.match(await platformStatus('steps', 'exclude', ...where), { code: 2, err: /--reason is required/ })
  t.match(await platformStatus('steps', 'exclude', ...where, '--reason', 'an hour ahead'), { code: 0, out: /\n2 steps matched, 2 changed\n$/ })
  t.match(await platformStatus('steps', 'exclude', ...where, '--reason', 'an hour ahead'), { code: 0, out: /\n2 steps matched, 0 changed\n$/ })
  t.match((await platformStatus('steps', 'exclude', '--where', 'device=Reader', 'longer_than=60', '--include', '--reason', 'it was true', '--json')).json,
    { applied: true, matched: 1, changed: 1, items: [{ excluded_from_estimates: null }] })
  t.match((await platformStatus('steps', 'exclude', '--where', 'device=Reader', '--undo', '--reason', 'it was not', '--json')).json, { items: [{ excluded_from_estimates: 'clock' }] })
  t.match(await platformStatus('steps', 'exclude', '--where', 'device=Nowhere', '--dry-run'), { code: 0, out: /^no step matches\n/ })
  t.match(await platformStatus('steps', 'exclude', '--where', 'devise=Washer', '--dry-run'), { code: 1, err: /\/where\/devise/ })
  for (const wrong of [['--where', 'device'], ['--where', 'longer_than=x'], ['--where', 'doubtful=maybe'], [], ['--where', 'device=A', '--include', '--undo']]) {
    t.match(await platformStatus('steps', 'exclude', ...wrong, '--dry-run'), { code: 2 }, wrong.join(' '))
  }
})

t.test('what an older service stored is found by health and by doctor, and gone after one command', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  const { platformStatus } = await aCommandLine(lab, { DATABASE_URL: lab.url })
  await rows(lab, `
    INSERT INTO step (id, device_id, kind, status, start, finish, created_as, match_version)
    SELECT gen_random_uuid(), d.id, 'operation', 'completed', times.start::timestamptz, times.finish::timestamptz, '', 1
    FROM device d, (VALUES ('2031-01-01', '2031-01-02'), ('2018-07-01', '2026-01-01')) AS times (start, finish)`)
  t.match(await platformStatus('lab', 'health'), { code: 0, out: /steps-doubtful[^]*steps-doubtful/ })
  t.match(await platformStatus('doctor'), { out: /steps +warning +the service uses 1 step with a time in the future, or of 0 seconds where others of its kind took longer, and 1 step that took longer than all reason\n/ })
  t.match(await platformStatus('steps', 'exclude', '--where', 'doubtful=true', '--reason', 'from before'), { code: 0, out: /2 steps matched, 2 changed/ })
  t.match(await platformStatus('lab', 'health'), { code: 0, out: 'healthy\n' })
  t.notMatch(await platformStatus('doctor'), { out: /steps +warning/ })
})
