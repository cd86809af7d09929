import t from 'tap'
import { samplesSinceChangePoint } from '../../src/estimation/change-point.ts'
import { seededRandom } from '../../src/estimation/random.ts'

/** `count` random durations around a middle value, within `percent`. */
function around (middle: number, count: number, random: () => number, percent = 3): number[] {
  return Array.from({ length: count }, () => middle * (1 + (random() - 0.5) * 2 * percent / 100))
}

t.test('a device that became slower, or faster, is judged by what it did since', async (t) => {
  const random = seededRandom([1])
  const slower = samplesSinceChangePoint([...around(13, 12, random), ...around(10, 38, random)])
  const faster = samplesSinceChangePoint([...around(7, 20, random), ...around(10, 30, random)])
  t.ok(Math.abs(slower - 12) <= 1 && Math.abs(faster - 20) <= 1, `${slower} and ${faster} samples are kept`)
})

t.test('a steady device is not cut', async (t) => {
  let cuts = 0
  for (let seed = 0; seed < 200; seed++) if (samplesSinceChangePoint(around(10, 50, seededRandom([seed]))) < 50) cuts++
  t.equal(cuts, 0)
})

t.test('nor one that hung once, drifts by a few percent, or wears evenly', async (t) => {
  const random = seededRandom([2])
  t.equal(samplesSinceChangePoint([...around(10, 5, random), 195, ...around(10, 44, random)]), 50)
  t.equal(samplesSinceChangePoint([...around(10.5, 20, random), ...around(10, 30, random)]), 50)
  t.equal(samplesSinceChangePoint(Array.from({ length: 50 }, (_, index) => 50 - index)), 50)
})

t.test('a few slow samples are no evidence yet', async (t) => {
  t.equal(samplesSinceChangePoint([20, 20, 20, ...Array<number>(40).fill(10)]), 43)
  t.equal(samplesSinceChangePoint([20, 20, 20, 10, 10, 10]), 6)
})
