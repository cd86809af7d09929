import fc from 'fast-check'
import t from 'tap'
import { chooseBound } from '../../src/estimation/estimate.ts'
import { endsInOutlier } from '../../src/estimation/outlier.ts'
import { seededRandom } from '../../src/estimation/random.ts'

/** `count` samples from 9.5 to 10.5 s and the given ones, sorted. */
const usual = (count: number, ...slow: number[]) => [...Array.from({ length: count }, (_, index) => 9.5 + index / count), ...slow]
const bound = (sorted: readonly number[], confidence = 0.95, outlierShare: number | null = null) =>
  chooseBound(sorted, outlierShare === null ? null : { deviation: 0.05, degrees: 100, outlier_share: outlierShare }, confidence, 'upper_bound')

t.test('an outlier is left out if the rank bound would be the outlier itself', async (t) => {
  t.match(bound(usual(27, 195)), { seconds: usual(27)[26], method: 'substitute', outlier: 195, attained: 27 / 29 })
  t.match(bound(usual(45, 195)), { method: 'rank', outlier: undefined, attained: 45 / 47 }, 'from 39 samples on the rank is below it anyway')
  t.match(bound(usual(27, 195), 0.9), { method: 'rank', outlier: undefined })
})

t.test('several long samples are not outliers', async (t) => {
  t.match(bound(usual(26, 180, 195)), { seconds: 195, method: 'rank' })
  t.match(bound(usual(47, 180, 190, 195)), { seconds: 190, method: 'rank' })
})

t.test('with too few samples for the rank bound, an outlier is left out only if outliers are rare', async (t) => {
  t.match(bound(usual(13, 195)), { method: 'substitute', outlier: undefined })
  t.match(bound(usual(13, 195), 0.95, 0.1), { method: 'substitute', outlier: undefined })
  const { seconds, outlier } = bound(usual(13, 195), 0.95, 0.01)
  t.ok(outlier === 195 && seconds < 12, String(seconds))
  t.match(bound(usual(13, 195), 0.999, 0.01), { outlier: undefined }, 'at a confidence above the share of normal steps, outliers are kept')
})

t.test('a slightly longer sample, or one of several long samples, is no outlier', async (t) => {
  t.notOk(endsInOutlier(usual(30, 14)))
  t.notOk(endsInOutlier(usual(30, 14, 40)))
  t.notOk(endsInOutlier([1, 1, 1, 1, 100]), 'five samples tell nothing')
  t.ok(endsInOutlier([...Array<number>(20).fill(10), 15.1]))
})

t.test('heavy-tailed distributions rarely give an outlier', async (t) => {
  const random = seededRandom([11])
  let outliers = 0
  for (let history = 0; history < 4000; history++) {
    if (endsInOutlier(Array.from({ length: 20 + history % 30 }, () => (1 - random()) ** -1).sort((a, b) => a - b))) outliers++
  }
  t.ok(outliers <= 16, `${outliers} of 4,000`)
})

t.test('a longer sample or a higher confidence never lowers the bound, with or without an outlier', async () => {
  const seconds = fc.oneof(fc.double({ min: 9, max: 11, noNaN: true }), fc.double({ min: 0, max: 1000, noNaN: true }))
  const confidence = fc.double({ min: 0.05, max: 0.99, noNaN: true })
  fc.assert(fc.property(fc.array(seconds, { minLength: 1, maxLength: 60 }), confidence, confidence, fc.double({ min: 0, max: 1, noNaN: true }), (samples, a, b, outlierShare) => {
    const sorted = [...samples].sort((x, y) => x - y)
    const [low, high] = [Math.min(a, b), Math.max(a, b)]
    return bound(sorted, low, outlierShare).seconds <= bound(sorted, high, outlierShare).seconds * (1 + 1e-12)
  }), { numRuns: 1000 })
  fc.assert(fc.property(fc.array(seconds, { minLength: 1, maxLength: 60 }), confidence, fc.double({ min: 1, max: 50, noNaN: true }), (samples, c, times) => {
    const sorted = [...samples].sort((x, y) => x - y)
    const [before, after] = [bound(sorted, c), bound([...sorted, sorted.at(-1)! * times], c)]
    return before.method !== 'rank' || after.seconds >= before.seconds
  }), { numRuns: 1000 })
})
