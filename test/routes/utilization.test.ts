import t from 'tap'
import { seededRandom } from '../../src/estimation/random.ts'
import { aLab, type Service } from '../support/service.ts'

// How busy devices were. A second counts that lasts from a full second to the next, so that a recount can go through them one by one.

const day = '2026-03-02T00:00:00Z'
const at = (second: number, from = Date.parse(day)): string => new Date(from + second * 1000).toISOString()

type Item = { device: string, from: string, to: string, busy_seconds: number, steps: number, failed: number, occupied_slot_seconds: number, slots: number }

async function utilization (service: Service, query: string): Promise<Item[]> {
  const { status, body } = await service.get(`/api/devices/utilization?${query}`)
  t.equal(status, 200, JSON.stringify(body))
  return body.items
}

t.test('utilization equals a recount, second by second', async (t) => {
  const lab = await aLab(t, { Reader: 1, Washer: 1 })
  const random = seededRandom([7])
  const upTo = (most: number): number => Math.floor(random() * most)
  const devices = ['Reader', 'Washer']
  const statuses = ['completed', 'completed', 'failed', 'aborted']
  const [from, to] = [3600 * 2 + 600, 3600 * 6 + 1800]
  // a step that runs cannot have begun long ago
  const thisMorning = Math.floor(Date.now() / 3_600_000 - 10) * 3_600_000
  const then = (second: number): string => at(second, thisMorning)
  const logged = Array.from({ length: 150 }, () => {
    const start = upTo(3600 * 8)
    return { device: devices[upTo(2)]!, start, finish: start + 1 + upTo(900), status: statuses[upTo(4)]!, is_simulation: upTo(6) === 0, data: {} }
  })
  await lab.post('/api/steps/batch', { steps: logged.map(({ start, finish, ...step }) => ({ ...step, start: then(start), finish: then(finish) })) })
  const paused = { start: 3600 * 3, finish: 3600 * 5, pause: [3600 * 3 + 900, 3600 * 4 + 1200] as const }
  const { body: step } = await lab.post('/api/steps', { device: 'Reader', start: then(paused.start) })
  await lab.post(`/api/steps/${step.id}/pause`, { at: then(paused.pause[0]) })
  await lab.post(`/api/steps/${step.id}/resume`, { at: then(paused.pause[1]) })
  t.equal((await lab.post(`/api/steps/${step.id}/finish`, { finish: then(paused.finish) })).status, 200)

  const active = (device: string, second: number): boolean => logged.some((one) => one.device === device && !one.is_simulation && one.start <= second && second < one.finish) ||
    (device === 'Reader' && paused.start <= second && second < paused.finish && !(paused.pause[0] <= second && second < paused.pause[1]))
  const items = await utilization(lab, `from=${then(from)}&to=${then(to)}&bucket=hour`)
  t.strictSame(items.map((item) => [item.device, item.from]), devices.flatMap((device) => [from, 3600 * 3, 3600 * 4, 3600 * 5, 3600 * 6].map((second) => [device, then(second)])))
  for (const { device, from, to, busy_seconds, steps, failed } of items) {
    const [begins, ends] = [from, to].map((time) => (Date.parse(time) - thisMorning) / 1000) as [number, number]
    let busy = 0
    for (let second = begins; second < ends; second++) if (active(device, second)) busy++
    const started = logged.filter((one) => one.device === device && !one.is_simulation && begins <= one.start && one.start < ends)
    t.equal(busy_seconds, busy, `${device} from ${from}`)
    t.equal(steps, started.length + (device === 'Reader' && begins === paused.start ? 1 : 0))
    t.equal(failed, started.filter(({ status }) => status === 'failed').length)
  }
  t.strictSame(await utilization(lab, `from=${then(from)}&to=${then(to)}&bucket=hour&device=Washer`), items.filter(({ device }) => device === 'Washer'))
})

t.test('a step that lasts for days, and one that runs, are busy all the time', async (t) => {
  const lab = await aLab(t, { Incubator: 4 })
  await lab.post('/api/steps', { device: 'Incubator', start: at(0), finish: at(4 * 86_400) })
  t.strictSame((await utilization(lab, `from=${at(2 * 86_400)}&to=${at(3 * 86_400)}`)).map(({ busy_seconds, steps }) => [busy_seconds, steps]), [[86_400, 0]])
  await lab.post('/api/steps', { device: 'Incubator', start: at(0, Date.now()) })
  await lab.query("UPDATE step SET start = now() - interval '3 days' WHERE finish IS NULL")
  const [item] = await utilization(lab, `from=${new Date(Date.now() - 3_600_000).toISOString()}&to=${new Date(Date.now() + 3_600_000).toISOString()}&bucket=day`)
    .then((items) => [items.reduce((sum, { busy_seconds }) => sum + busy_seconds, 0)])
  t.ok(item! >= 3600 && item! < 3700, 'only until now')
})

t.test('a step without a finish that is not under way keeps its device busy at no time', async (t) => {
  const lab = await aLab(t, { Lost: 1, Failed: 1, Aborted: 1 })
  const start = at(-30, Date.now())
  await lab.put('/api/orchestrators/cage1', { session: 'in the morning', ttl_seconds: 3600 })
  t.match(await lab.post('/api/steps', { device: 'Lost', start, session: 'in the morning' }), { status: 201 })
  await lab.put('/api/orchestrators/cage1', { session: 'after its restart', ttl_seconds: 3600 })
  for (const [device, status] of [['Failed', 'failed'], ['Aborted', 'aborted']]) t.match(await lab.post('/api/steps', { device, start, status }), { status: 201, body: { finish: null } })
  t.match((await lab.get('/api/steps?status=lost')).body.items, [{ device: 'Lost' }])
  const items = await utilization(lab, `from=${at(-3600, Date.now())}&to=${at(3600, Date.now())}`)
  t.same([...new Set(items.map(({ device }) => device))].sort(), ['Aborted', 'Failed', 'Lost'])
  t.ok(items.every(({ busy_seconds }) => busy_seconds === 0), JSON.stringify(items))
})

t.test('slots are occupied by containers and lids, from one move to the next', async (t) => {
  const lab = await aLab(t, { Hotel: 4, Reader: 1 })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', lidded: true })
  await lab.post('/api/containers/P1/unlid', { lid_device: 'Hotel', lid_pos: 3 })
  await lab.post('/api/containers/P1/move', { target_device: 'Reader' })
  await lab.post('/api/containers/P1/lid', {})
  await lab.delete('/api/containers/P1')
  // nothing else changes when it happened; the lab file was revision 1
  const times = [0, 100, 1100, 4100, 4600]
  for (const [index, second] of times.entries()) await lab.query('UPDATE event SET recorded_at = $2 WHERE revision = $1', [index + 2, at(second)])
  await lab.query('UPDATE event SET recorded_at = $1 WHERE revision = 1', [at(-10)])
  await lab.query('UPDATE container SET removed_at = $1', [at(4600)])
  const seconds = async (from: number, to: number) => Object.fromEntries((await utilization(lab, `from=${at(from)}&to=${at(to)}`)).map(({ device, occupied_slot_seconds }) => [device, occupied_slot_seconds]))
  t.strictSame(await seconds(0, 86_400), { Hotel: 1100 + 4000, Reader: 3500 })
  t.strictSame(await seconds(500, 2000), { Hotel: 600 + 1500, Reader: 900 }, 'what stood there before counts')
  t.strictSame(await seconds(5000, 86_400), { Hotel: 0, Reader: 0 })
})

t.test('days begin at midnight of the lab, also when the clock changes', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const items = await utilization(lab, 'from=2026-03-28T12:00:00Z&to=2026-03-30T12:00:00Z&timezone=Europe/Stockholm')
  t.strictSame(items.map(({ from, to }) => (Date.parse(to) - Date.parse(from)) / 3_600_000), [11, 23, 14], 'the 29th has 23 hours')
  t.equal(items[1]!.from, '2026-03-28T23:00:00.000Z')
})

t.test('a device that is gone keeps its past', async (t) => {
  const lab = await aLab(t, { Reader: 1, Idle: 1 })
  await lab.post('/api/steps', { device: 'Reader', start: at(0), finish: at(60) })
  for (const device of ['Reader', 'Idle']) t.equal((await lab.delete(`/api/devices/${device}`)).status, 200)
  t.match(await utilization(lab, `from=${at(0)}&to=${at(3600)}`), [{ device: 'Reader', busy_seconds: 60, slots: 0 }])
})

t.test('a device that the lab never had is refused, one that is gone or did nothing is not', async (t) => {
  const lab = await aLab(t, { Reader: 1, Gone: 1 })
  await lab.delete('/api/devices/Gone')
  t.match(await lab.get('/api/devices/utilization?device=Raeder'), { status: 404, body: { code: 'device-not-found', device: 'Raeder', parameter: 'device' } })
  for (const device of ['Reader', 'Gone']) t.equal((await lab.get(`/api/devices/utilization?device=${device}`)).status, 200)
})

t.test('without times it is a week', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  for (const query of ['', `from=${at(0)}`, `to=${at(7 * 86_400)}`, `from=${at(0)}&to=${at(7 * 86_400)}`]) {
    const items = await utilization(lab, `${query}&device=Reader`)
    t.equal(Date.parse(items.at(-1)!.to) - Date.parse(items[0]!.from), 7 * 86_400_000, query)
    if (query !== '') t.equal(items[0]!.from, at(0))
  }
})

t.test('what cannot be answered is refused', async (t) => {
  const lab = await aLab(t, Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`D${n}`, 1])))
  for (const [query, parameter] of [
    [`from=${at(60)}&to=${at(60)}`, 'to'], [`from=${at(60)}&to=${at(0)}`, 'to'], [`from=${at(0)}&to=${at(93 * 86_400)}`, 'to'],
    [`from=${at(0)}&to=${at(60)}&timezone=Europe/stockholm`, 'timezone'], [`from=${at(0)}&to=${at(60)}&bucket=week`, 'bucket'],
    [`from=${at(0)}&to=${at(92 * 86_400)}&bucket=hour`, 'bucket'], [`from=yesterday&to=${at(60)}`, 'from']
  ] as const) t.match(await lab.get(`/api/devices/utilization?${query}`), { status: 400, body: { code: 'invalid-request', errors: [{ parameter }] } }, query)
})
