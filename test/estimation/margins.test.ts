import t from 'tap'
import { nextMargins, marginConfidences, marginFor, type Margins, noMargins, typicalMiss } from '../../src/estimation/margins.ts'
import { seededRandom } from '../../src/estimation/random.ts'

/** The lesson of a run: how many seconds each of its steps took longer than its bound, the same at every confidence. */
const aRun = (...misses: number[]) => marginConfidences.map(() => misses)
const tenSteps = (late: number) => Array.from({ length: 10 }, (_, index) => index < late ? 1 : -1)

t.test('the margin rises after a run whose steps were late too often, and falls after one whose were not', async (t) => {
  const [half] = nextMargins(noMargins, aRun(...tenSteps(9)), [2, 2, 2])
  t.ok(Math.abs(half! - 0.48) < 1e-12, '0.6 typical misses of 2 s, times 0.5 asked less 0.1 kept')
  const later = nextMargins(nextMargins(noMargins, aRun(...tenSteps(9)), [2, 2, 2]), aRun(...tenSteps(2)), [2, 2, 2])
  t.ok(later[0]! < half! && later[0]! > 0)
  t.strictSame(nextMargins(noMargins, aRun(...tenSteps(0)), [2, 2, 2]), noMargins, 'never below zero')
})

t.test('a run of a few steps, or one of the first two of a lab, moves nothing', async (t) => {
  const before: Margins = [1, 1, 1, 1, 1]
  t.strictSame(nextMargins(before, aRun(9, 9, 9), [2, 2, 2]), before)
  t.strictSame(nextMargins(before, aRun(...tenSteps(10)), [2, 2]), before)
  t.equal(typicalMiss([1, -2, 3]), null)
  t.equal(typicalMiss([1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11]), 6)
})

t.test('whatever the runs do, the promised share is kept over many of them', async (t) => {
  const random = seededRandom([4])
  // a lab with good and bad weeks: all steps of a bad week are 3 s late
  const shares = marginConfidences.map(() => 0)
  let margins = noMargins
  const runs = 600
  for (let run = 0; run < runs; run++) {
    const shift = Math.floor(run / 7) % 2 === 0 ? 0 : 3
    const steps = Array.from({ length: 50 }, () => random() * 4 - 2 + shift)
    for (const [point] of marginConfidences.entries()) shares[point]! += steps.filter((miss) => miss <= margins[point]!).length / steps.length / runs
    margins = nextMargins(margins, aRun(...steps), [1.5, 1.5, 1.5])
  }
  for (const [point, confidence] of marginConfidences.entries()) t.ok(Math.abs(shares[point]! - confidence) < 0.02, `${confidence}: ${shares[point]!.toFixed(3)}`)
})

t.test('it rises with the confidence, also between the confidences at which margins are learnt', async (t) => {
  const margins = [0.2, 0.5, 0.1, 0.9, 0.9]
  t.strictSame([0.3, 0.5, 0.8, 0.9, 0.95, 0.999].map((confidence) => marginFor(confidence, margins)), [0.2, 0.2, 0.5, 0.5, 0.9, 0.9])
  t.ok(Math.abs(marginFor(0.65, margins) - 0.35) < 1e-12)
  let before = 0
  for (let confidence = 0.01; confidence < 1; confidence += 0.01) {
    const margin = marginFor(confidence, margins)
    if (margin < before) t.fail(`at ${confidence}`)
    before = margin
  }
})
