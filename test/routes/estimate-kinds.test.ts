import t from 'tap'
import { trendOf } from '../../src/estimation/trend.ts'
import { aLab, type Service } from '../support/service.ts'

const hour = 3_600_000
const devices = { Washer: 1, Reader: 1, Hotel: 4, Arm: 0 }
const iso = (time: number) => new Date(time).toISOString()

/** Steps of so many seconds, one an hour, the last of them an hour ago. */
async function log (lab: Service, seconds: readonly number[], step: object = { device: 'Washer', data: { fct: 'wash' } }): Promise<void> {
  const begin = Math.floor(Date.now() / hour) * hour - (seconds.length + 1) * hour
  const { status, text } = await lab.post('/api/steps/batch', { steps: seconds.map((s, n) => ({ ...step, start: iso(begin + n * hour), finish: iso(begin + n * hour + s * 1000) })) })
  if (status !== 201) throw new Error(text)
}

const noisy = (n: number, from: number, to = from) => Array.from({ length: n }, (_, index) => Math.round((from + (to - from) * index / n + (index * 7 % 5) * 0.1) * 1000) / 1000)

t.test('each kind of step says what an estimate says, and how often it held', async (t) => {
  const lab = await aLab(t, devices)
  await log(lab, noisy(60, 100))
  await log(lab, noisy(3, 10), { device: 'Reader', data: { fct: 'read', protocol: 'a.bdz' } })
  await log(lab, noisy(5, 7), { kind: 'move', device: 'Arm', origin: { device: 'Hotel', position: 0 }, destination: { device: 'Reader', position: 0 } })
  const { status, body } = await lab.get('/api/estimates/kinds?count=true')
  t.equal(status, 200)
  t.equal(body.total, 3)
  const wash = body.items.find(({ fct }: any) => fct === 'wash')
  const estimate = (await lab.post('/api/estimates', { step: { device: 'Washer', data: { fct: 'wash' } } })).body
  t.match(wash, {
    kind: 'operation', device: 'Washer', protocol: null, origin: null, destination: null, trend: 'steady', drift_since: null, judged: 41,
    sample_size: estimate.sample_size, median_seconds: estimate.median_seconds, bound_seconds: estimate.duration_seconds, method: 'rank'
  })
  t.ok(wash.coverage > 0.9, String(wash.coverage))
  t.match(body.items.find(({ fct }: any) => fct === 'read'), { protocol: 'a.bdz', sample_size: 3, coverage: null, judged: 0, method: 'substitute' })
  const few = (await lab.post('/api/estimates', { step: { device: 'Reader', data: { fct: 'read', protocol: 'a.bdz' } } })).body
  t.equal(body.items.find(({ fct }: any) => fct === 'read').bound_seconds, few.duration_seconds)
  t.match(body.items.find(({ kind }: any) => kind === 'move'), { device: 'Arm', origin: { device: 'Hotel', position: 0 }, destination: { device: 'Reader', position: 0 } })
})

t.test('a device that changed says since when, and one that wears says that it becomes slower', async (t) => {
  const lab = await aLab(t, devices)
  await log(lab, [...noisy(30, 100), ...noisy(12, 140)])
  await log(lab, noisy(60, 50, 80), { device: 'Reader', data: { fct: 'read' } })
  const { items } = (await lab.get('/api/estimates/kinds')).body
  const [wash, read] = ['wash', 'read'].map((name) => items.find(({ fct }: any) => fct === name))
  t.match(wash, { sample_size: 12, trend: 'slower', drift_since: String })
  t.match(read, { trend: 'slower', drift_since: null })
  const { body } = await lab.get(`/api/estimates/kinds/${wash.key}/history`)
  const before = `${wash.key.slice(0, 19)}9d52-0c6a1f0e8b11`
  t.same((await lab.get(`/api/estimates/kinds/${before}/history`)).body.key, wash.key, 'the keys of version 0.2.0 had other digits after the first sixteen')
  t.match(body, { key: wash.key, device: 'Washer', fct: 'wash', truncated: false, regimes: [{ sample_size: 30 }, { sample_size: 12 }] })
  t.equal(body.regimes[1].from, wash.drift_since)
  t.equal(body.points.length, 42)
})

t.test('the points of a kind have failed and corrected steps, pauses left out, and the bound of the steps before', async (t) => {
  const lab = await aLab(t, devices)
  await log(lab, noisy(20, 100))
  const end = Date.now() - 60_000
  const failed = await lab.post('/api/steps', { device: 'Washer', data: { fct: 'wash' }, start: iso(end - 300_000), finish: iso(end), status: 'failed' })
  t.equal(failed.status, 201)
  await lab.post('/api/steps', { device: 'Washer', data: { fct: 'wash' }, start: iso(end), status: 'running' })
  await lab.post('/api/steps', { device: 'Washer', data: { fct: 'wash' }, start: iso(end - 900_000), finish: iso(end), is_simulation: true })
  const { items: [{ key }] } = (await lab.get('/api/estimates/kinds')).body
  const first = (await lab.get(`/api/estimates/kinds/${key}/history`)).body
  t.equal(first.points.length, 21)
  t.match(first.points[0], { bound_seconds: null, status: 'completed', corrected: false, duration_seconds: 100 })
  t.match(first.points.at(-1), { step_id: failed.body.id, status: 'failed', duration_seconds: 300 })
  const estimate = (await lab.post('/api/estimates', { step: { device: 'Washer', data: { fct: 'wash' } } })).body
  t.equal(first.points.at(-1).bound_seconds, estimate.duration_seconds, 'a failed step had the bound of all samples before it')
  await lab.patch(`/api/steps/${first.points[3].step_id}`, { finish: iso(Date.parse(first.points[3].start) + 104_000), reason: 'a wrong clock' })
  const corrected = (await lab.get(`/api/estimates/kinds/${key}/history`)).body.points[3]
  t.match(corrected, { corrected: true, duration_seconds: 104 })
  const range = (await lab.get(`/api/estimates/kinds/${key}/history?from=${first.points[2].start}&to=${first.points[4].start}`)).body
  t.same(range.points.map(({ step_id }: any) => step_id), first.points.slice(2, 4).map(({ step_id }: any) => step_id))
})

t.test('pages, filters and refusals', async (t) => {
  const lab = await aLab(t, devices)
  for (let n = 0; n < 7; n++) await log(lab, [10], { device: n % 2 === 0 ? 'Washer' : 'Reader', data: { fct: `function ${n}` } })
  const keys: string[] = []
  let cursor = ''
  do {
    const { body } = await lab.get(`/api/estimates/kinds?limit=2${cursor}`)
    keys.push(...body.items.map(({ key }: any) => key))
    cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`
  } while (cursor !== '')
  t.equal(new Set(keys).size, 7)
  t.equal((await lab.get('/api/estimates/kinds?device=Reader&count=true')).body.total, 3)
  t.same((await lab.get('/api/estimates/kinds?since=2999-01-01T00:00:00Z')).body.items, [])
  const { items: [{ key }] } = (await lab.get('/api/estimates/kinds?limit=1')).body
  t.match(await lab.get(`/api/estimates/kinds/${key}/history?from=2999-01-01T00:00:00Z`), { status: 400, body: { errors: [{ parameter: 'from', detail: 'must not be in the future' }] } }, 'the fault is in what was given')
  t.match(await lab.get('/api/estimates/kinds?device=Nowhere'), { status: 404, body: { code: 'device-not-found', device: 'Nowhere', parameter: 'device' } })
  t.match(await lab.get('/api/estimates/kinds/0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11/history'), { status: 404, body: { code: 'step-kind-not-found', parameter: 'key' } })
  t.match(await lab.get(`/api/estimates/kinds/${keys[0]}/history?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z`), { status: 400, body: { errors: [{ parameter: 'to' }] } })
  // A bound at a higher confidence needs thousands of samples, for each of a hundred steps of each kind.
  for (const path of ['/api/estimates/kinds', `/api/estimates/kinds/${keys[0]}/history`]) t.match(await lab.get(`${path}?confidence=0.999`), { status: 400, body: { errors: [{ parameter: 'confidence' }] } })
  t.equal((await lab.get('/api/estimates/kinds?limit=500')).body.items.length, 7)
  t.match(await lab.get('/api/estimates/kinds?limit=501'), { status: 400, body: { errors: [{ parameter: 'limit' }] } })
  t.match(await lab.get(`/api/estimates/kinds/${keys[0]}/history?from=2020-01-02T00:00:00Z`), { status: 400, body: { errors: [{ parameter: 'to', detail: /at most 366 days/ }] } })
})

t.test('a trend needs evidence and size', (t) => {
  const wear = Array.from({ length: 40 }, (_, n) => 100 + n)
  t.equal(trendOf([...wear].reverse()), 'slower')
  t.equal(trendOf(wear), 'faster')
  t.equal(trendOf(wear.map((s) => 100 + (s - 100) / 100)), 'steady', 'a third of a percent')
  t.equal(trendOf(wear.map((s) => s % 2 === 0 ? 100 : 200)), 'steady')
  t.equal(trendOf([3, 2, 1]), 'steady')
  t.equal(trendOf(Array.from({ length: 30 }, () => 5)), 'steady')
  t.end()
})
