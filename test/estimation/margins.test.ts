import t from 'tap'
import { grid, marginFor, marginOfRun, type RunMargins } from '../../src/estimation/margins.ts'

const run = (...margins: (number | null)[]): RunMargins => margins

t.test('the margin of a run lets exactly the asked share of its steps fit', async (t) => {
  const misses = Array.from({ length: 100 }, (_, index) => index - 80)
  const margin = marginOfRun(misses, 0.9)!
  t.equal(misses.filter((miss) => miss <= margin).length, 90)
  t.equal(marginOfRun([1, 2, 3], 0.9), null, 'a run of three steps says nothing of its share')
})

t.test('no margin is added until three runs are known', async (t) => {
  const one = run(1, 1, 1, 1, 1)
  t.equal(marginFor(0.9, [one, one]), 0)
  t.equal(marginFor(0.9, [one, one, one]), 1)
})

t.test('it is the middle of the last ten runs, and never below zero', async (t) => {
  const runs = [5, 1, 2, 9, 3, 4, 6, 7, 8, 10, 999, 999].map((margin) => run(margin, margin, margin, margin, margin))
  t.equal(marginFor(0.8, runs), 5.5, 'the oldest two are not looked at')
  t.equal(marginFor(0.8, runs.map((margins) => margins.map((margin) => -margin!))), 0)
})

t.test('it rises with the confidence, between the points of the grid too', async (t) => {
  const runs = Array<RunMargins>(3).fill(run(0.2, 0.5, 0.1, 0.9, null))
  t.strictSame([0.3, 0.5, 0.8, 0.9, 0.95, 0.999].map((confidence) => marginFor(confidence, runs)), [0.2, 0.2, 0.5, 0.5, 0.9, 0.9])
  t.equal(marginFor(0.65, runs), 0.35)
  let before = 0
  for (let confidence = 0.01; confidence < 1; confidence += 0.01) {
    const margin = marginFor(confidence, runs)
    if (margin < before) t.fail(`at ${confidence}`)
    before = margin
  }
  t.equal(grid.length, 5)
})
