import t from 'tap'
import type { TimelineItem } from '../../web/src/api/generated/schema.d.ts'
import { packed } from '../../web/src/charts/bars.ts'
import { durationScale, durationText, durationTicks } from '../../web/src/charts/duration-axis.ts'
import { intervalOf, isBroken, promisesFinding } from '../../web/src/pages/insights/promises.ts'
import { findingOfUse, shareText, standingLongest, usesOf } from '../../web/src/pages/insights/use.ts'
import { barsOf, findingOf, lanesOf } from '../../web/src/pages/runs/plan.ts'

const clock = (seconds: number): string => `${seconds} s`
const start = Date.parse('2026-03-02T09:00:00Z')
const timeOf = (seconds: number): string => new Date(start + seconds * 1000).toISOString()

type Given = { from: number, to?: number, bound?: number, waited?: number, device?: string, plates?: string[] }

const item = ({ from, to, bound, waited, device = 'Washer', plates = [] }: Given): TimelineItem => ({
  step: {
    id: `${device} ${from}`, kind: 'operation', name: null, fct: 'wash', device, status: to === undefined ? 'running' : 'completed', start: timeOf(from), finish: to === undefined ? null : timeOf(to),
    duration_seconds: null, active_seconds: null, origin: null, destination: null, containers: plates.map((named) => ({ id: null, barcode: null, named }))
  },
  predicted: bound === undefined ? null : { median_seconds: bound / 2, bound_seconds: bound, method: 'rank', level: null, sample_size: 20 },
  waited_seconds: waited ?? null
})

t.test('no bar covers another, and a row is used again', (t) => {
  const { rows, placed } = packed([{ from: 5, to: 9 }, { from: 0, to: 6 }, { from: 6, to: 8 }])
  t.equal(rows, 2)
  t.strictSame(placed.map(({ span, row }) => [span.from, row]), [[0, 0], [5, 1], [6, 0]])
  t.equal(packed([]).rows, 1)
  t.end()
})

t.test('a run is told against what was promised: past the bound, still running, waiting', (t) => {
  const bars = barsOf({ now: timeOf(100), items: [item({ from: 0, to: 30, bound: 20, plates: ['A', 'B'] }), item({ from: 50, bound: 40, waited: 20, device: 'Arm', plates: ['A'] }), item({ from: 60, to: 70 })] })
  t.match(bars[0], { isPastBound: true, isOver: true, boundAt: start + 20_000 })
  t.match(bars[1], { isPastBound: true, isOver: false, end: start + 100_000, waitedFrom: start + 30_000, from: start + 30_000 })
  t.match(bars[2], { isPastBound: false, boundAt: null })
  t.equal(findingOf(bars, clock), '2 of 2 steps took longer than promised. Plates waited 20 s between steps.')
  t.equal(findingOf(bars.slice(2), clock), 'No step of this run could be predicted: no such steps had ended before.')
  t.strictSame(lanesOf(bars, 'device').map(({ name, bars }) => [name, bars.length]), [['Washer', 2], ['Arm', 1]])
  t.strictSame(lanesOf(bars, 'plate').map(({ name, bars }) => [name, bars.length]), [['A', 2], ['B', 1], ['no plate', 1]], 'a step with two plates is in both lanes')
  t.end()
})

t.test('the axis of durations has round times, whatever the durations are', (t) => {
  t.strictSame(durationTicks(durationScale([4, 400], [0, 100])), [5, 10, 30, 60, 300, 600])
  t.strictSame(durationTicks(durationScale([40_000], [0, 100])), [43_200])
  t.equal(durationScale([0, 10], [0, 100])(0), durationScale([0, 10], [0, 100])(0.01), 'a step of no length is on it')
  t.doesNotThrow(() => durationTicks(durationScale([], [0, 100])))
  t.strictSame([0.1, 30, 300, 7200, 86_400].map(durationText), ['0.1 s', '30 s', '5 min', '2 h', '1 d'])
  t.end()
})

t.test('use: the busiest first, shares of the range, and what did nothing', (t) => {
  const bucket = (device: string, busy_seconds: number, failed = 0) => ({ device, from: timeOf(0), to: timeOf(3600), busy_seconds, steps: busy_seconds === 0 ? 0 : 3, failed, occupied_slot_seconds: 1800, slots: 1 })
  const uses = usesOf([bucket('Hotel', 0), bucket('Washer', 900, 1), bucket('Washer', 1800)])
  t.match(uses, [{ device: 'Washer', busy: 0.375, steps: 6, failed: 1, occupied: 0.5 }, { device: 'Hotel', busy: 0 }])
  t.equal(findingOfUse(uses, 'last day'), 'Washer was the busiest: 38 % of the last day. 1 of 2 devices did nothing. 1 step failed.')
  t.equal(findingOfUse([], 'last day'), 'No device did anything in the last day.')
  t.equal(shareText(0.0001), 'below 1 %')
  t.end()
})

t.test('what stood longest comes first', (t) => {
  const container = (name: string, since: string) => ({ id: name, barcode: null, name, position: 0, lidded: false, lid: null, since, last_event: null })
  const device = { group: 'g', type: null, view: null as never, positions: 2, occupied: 1, disposes: false, waste: [], deep_well: [], reserved: null, lids: [] }
  const devices = [{ ...device, name: 'A', containers: [container('new', timeOf(5))] }, { ...device, name: 'B', containers: [container('old', timeOf(-5)), container('older', timeOf(-9))] }]
  t.strictSame(standingLongest({ devices } as never, 2).map(({ name, device }) => [name, device]), [['older', 'B'], ['old', 'B']])
  t.end()
})

t.test('a group keeps fewer bounds than was asked for only if that cannot be chance', (t) => {
  const score = (coverage: number | null, answered: number) => ({ group: 'x', steps: answered, answered, coverage, mean_excess_seconds: null, pinball_loss_seconds: null })
  const [from, to] = intervalOf(0.9, 10)
  t.ok(from > 0.58 && from < 0.6 && to > 0.98 && to < 0.99, `${from} to ${to}`)
  t.notOk(isBroken(score(0.9, 10), 0.95))
  t.ok(isBroken(score(0.9, 1000), 0.95))
  t.notOk(isBroken(score(null, 0), 0.95))
  const calibration = { confidence: 0.95, since: null, steps: 1010, truncated: false, overall: score(0.9, 1010), groups: [score(0.9, 1000), score(0.9, 10)] }
  t.equal(promisesFinding(calibration), 'Asked for 95 %, 90 % of 1010 bounds were kept. 1 of 2 groups clearly keep fewer.')
  t.end()
})
