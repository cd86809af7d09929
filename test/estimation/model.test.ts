import t from 'tap'
import { median, rankBound, samplesFor, substituteBound, windowFor } from '../../src/estimation/model.ts'

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)

t.test('the rank bound is the k-th of n, k = ceil(c (n + 1))', async (t) => {
  t.strictSame(rankBound(upTo(19), 0.95), { seconds: 19, attained: 0.95 })
  t.strictSame(rankBound(upTo(9), 0.9), { seconds: 9, attained: 0.9 })
  t.strictSame(rankBound(upTo(9), 5e-324), { seconds: 1, attained: 0.1 }, 'never less than the smallest sample')
  t.strictSame(rankBound(upTo(50), 0.9), { seconds: 46, attained: 46 / 51 })
  t.strictSame(rankBound(upTo(3), 0.5), { seconds: 2, attained: 0.5 })
  t.strictSame(rankBound(upTo(1), 0.5), { seconds: 1, attained: 0.5 })
})

t.test('it exists from n >= c / (1 - c) samples on', async (t) => {
  for (const [confidence, least] of [[0.5, 1], [0.8, 4], [0.9, 9], [0.95, 19], [0.99, 99]] as const) {
    t.equal(samplesFor(confidence), least)
    t.ok(rankBound(upTo(least), confidence))
    t.equal(rankBound(upTo(least - 1), confidence), null)
  }
})

t.test('the window holds twice what the rank needs, 50 at least and 2,000 at most', async (t) => {
  t.strictSame([0.5, 0.95, 0.99, 0.999, 0.99999].map(windowFor), [50, 50, 198, 1998, 2000])
})

t.test('the substitute', async (t) => {
  t.test('never lies below the largest sample, and rises with the confidence', async (t) => {
    const bounds = [0.3, 0.6, 0.8, 0.9, 0.95, 0.99].map((confidence) => substituteBound([9, 10, 11], confidence, null))
    for (const [index, bound] of bounds.entries()) {
      t.ok(bound >= 11)
      if (index > 0) t.ok(bound >= bounds[index - 1]!)
    }
  })
  t.test('stays near the samples when the wider level is steady, and goes further when it is not', async (t) => {
    const steady = substituteBound([10], 0.95, { deviation: 0.01, degrees: 30, outlier_share: 0 })
    const unsteady = substituteBound([10], 0.95, { deviation: 0.5, degrees: 30, outlier_share: 0 })
    t.ok(steady > 10 && steady < 10.5, String(steady))
    t.ok(unsteady > 20, String(unsteady))
  })
  t.test('is not wild with two samples', async (t) => {
    const bound = substituteBound([1, 2], 0.95, { deviation: 0.05, degrees: 20, outlier_share: 0 })
    t.ok(bound < 6, `${bound}: a bare log-t says 62`)
  })
  t.test('is a number, whatever the samples and the confidence', async (t) => {
    for (const confidence of [5e-324, 0.9999999, 1 - 2 ** -53]) t.ok(Number.isFinite(substituteBound([0, 1.8e9], confidence, null)), String(confidence))
  })
  t.test('takes durations of zero as a millisecond', async (t) => {
    t.ok(Number.isFinite(substituteBound([0, 0], 0.95, { deviation: 0, degrees: 0, outlier_share: 1 })))
  })
})

t.test('the median is the middle, or between the two in the middle', async (t) => {
  t.equal(median([1, 2, 9]), 2)
  t.equal(median([1, 2, 4, 9]), 3)
})
