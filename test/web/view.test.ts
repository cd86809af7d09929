import t from 'tap'
import { viewOf } from '../../web/src/lab/view.ts'
import { lifeFinding, spansOf } from '../../web/src/pages/labware/lanes.ts'

t.test('a device is drawn as the lab file says, and sensibly whatever it says', (t) => {
  t.strictSame(viewOf({ columns: 3, from: 'bottom', count_from: 1, order: 10 }, 20), { columns: 3, isAsBuilt: true, isFromBottom: true, countFrom: 1, order: 10 })
  t.strictSame(viewOf(null, 12), { columns: 1, isAsBuilt: false, isFromBottom: false, countFrom: null, order: null })
  t.equal(viewOf(undefined, 60).columns, 2)
  t.equal(viewOf(undefined, 61).columns, 10)
  t.equal(viewOf(undefined, 10_000).columns, 24)
  for (const columns of [0, -1, 1.5, '2', null, NaN]) t.equal(viewOf({ columns }, 5).columns, 1, `columns: ${columns}`)
  t.equal(viewOf({ columns: 1e9 }, 5).columns, 24)
  t.match(viewOf({ count_from: 0, order: 'first', from: 'left' }, 5), { countFrom: null, order: null, isFromBottom: false })
  t.equal(viewOf('hotel', 5).columns, 1)
  t.end()
})

const start = Date.parse('2026-03-02T09:00:00Z')
const timeOf = (seconds: number): string => new Date(start + seconds * 1000).toISOString()
const situation = (device: string | null, position: number | null, more = {}) => ({ device, position, lidded: true, lid: null, barcode: 'A', missing_since: null, ...more })
const event = (seconds: number, to: ReturnType<typeof situation>) => ({ kind: 'moved' as const, at: timeOf(seconds), revision: 1, from: null, to, step: null })

t.test('a life is told by where the plate and its lid were, each until the next change', (t) => {
  const events = [
    event(0, situation('Hotel', 3)), event(10, situation('Washer', 0)), event(20, situation('Washer', 0, { lidded: false, lid: { device: 'Hotel', position: 4 } })),
    event(50, situation(null, null, { missing_since: timeOf(50) }))
  ]
  const spans = spansOf(events, start + 60_000)
  t.strictSame(spans.filter(({ lane }) => lane === 'place').map(({ what, from, to }) => [what, (from - start) / 1000, (to - start) / 1000]), [['Hotel · 3', 0, 10], ['Washer · 0', 10, 50], ['missing', 50, 60]])
  t.strictSame(spans.filter(({ lane }) => lane === 'lid').map(({ what, to }) => [what, (to - start) / 1000]), [['on', 20], ['Hotel · 4', 50], ['on', 60]])
  t.equal(lifeFinding(spans, (seconds) => `${seconds} s`), 'Longest at Washer · 0: 40 s of 60 s. No steps.')
  const lost = spans.map((span) => ({ ...span, what: 'missing' }))
  t.equal(lifeFinding(lost, (seconds) => `${seconds} s`), 'Longest missing: 60 s of 60 s. No steps.')
  t.equal(lifeFinding([], String), 'Nothing is known of where it was.')
  t.end()
})
