import t from 'tap'
import { type StepEstimate, estimate } from '../../src/estimation/estimate.ts'
import { noMargins } from '../../src/estimation/margins.ts'
import { windowFor } from '../../src/estimation/model.ts'
import { seededRandom } from '../../src/estimation/random.ts'

// Histories with a planted change, estimated step by step as the service does it.

/** `count` durations around a middle value, within 3 percent. */
function steady (middle: number, count: number, random: () => number): number[] {
  return Array.from({ length: count }, () => middle * (0.97 + 0.06 * random()))
}

/** The estimate after these durations, oldest first. */
function estimateAfter (durations: readonly number[], confidence = 0.95): StepEstimate {
  const samples = durations.slice(-windowFor(confidence)).reverse()
  const history = { level: 1, samples, finishes: samples.map((_, index) => 1e9 - index), borrowedSpread: { deviation: 0.02, degrees: 150, outlier_share: 0.01 } }
  return estimate(history, { kind: 'operation', commanded: null }, { confidence, statistic: 'upper_bound', margins: noMargins })
}

/** After how many of the durations in `after` the estimate is as wanted; Infinity if it never is. */
function believedAfter (before: readonly number[], after: readonly number[], isBelieved: (answer: StepEstimate) => boolean): number {
  for (let count = 1; count <= after.length; count++) if (isBelieved(estimateAfter([...before, ...after.slice(0, count)]))) return count
  return Infinity
}

const hasCut = ({ warnings }: StepEstimate) => warnings.some(({ code }) => code === 'device-changed')

t.test('a device that becomes slower is planned for from the second slow step on, and judged by its new pace alone from the sixth', async (t) => {
  for (const [seed, middle] of [[1, 12], [2, 15], [3, 30], [4, 100]] as const) {
    const random = seededRandom([seed])
    const [before, after] = [steady(10, 60, random), steady(middle, 60, random)]
    t.ok(believedAfter(before, after, ({ duration_seconds }) => duration_seconds! >= 0.97 * middle) <= 3, `${middle} s: the bound is there`)
    const cut = believedAfter(before, after, hasCut)
    t.ok(cut >= 6 && cut <= 8, `${middle} s: cut after ${cut}`)
    const kept = after.slice(cut).filter((duration, index) => duration <= estimateAfter([...before, ...after.slice(0, cut + index)]).duration_seconds!)
    t.ok(kept.length / (after.length - cut) >= 0.9, `${middle} s: ${kept.length} of ${after.length - cut} kept their bound afterwards`)
  }
})

t.test('one that becomes faster is believed as soon: the robots need not wait for the old pace to leave the window', async (t) => {
  for (const [seed, middle] of [[2, 8], [3, 5], [4, 1]] as const) {
    const random = seededRandom([seed])
    const [before, after] = [steady(10, 60, random), steady(middle, 60, random)]
    const believed = believedAfter(before, after, ({ duration_seconds }) => duration_seconds! <= 1.15 * middle)
    t.ok(believed >= 6 && believed <= 8, `${middle} s: ${believed}`)
  }
})

t.test('the middle of the newest thirty follows a change by itself: a slower device after half of them, a faster one as soon as the bound at 0.8', async (t) => {
  for (const [seed, middle] of [[1, 12], [2, 30], [3, 8], [4, 1]] as const) {
    const random = seededRandom([seed])
    const [before, after] = [steady(10, 60, random), steady(middle, 60, random)]
    const at = (isBelieved: (seconds: number) => boolean) => {
      for (let count = 1; count <= after.length; count++) if (isBelieved(estimateAfter([...before, ...after.slice(0, count)], 0.5).duration_seconds!)) return count
      return Infinity
    }
    const followed = at((seconds) => Math.abs(seconds - middle) <= 0.05 * middle)
    t.ok(middle > 10 ? followed >= 15 && followed <= 16 : followed >= 6 && followed <= 8, `${middle} s: followed after ${followed}`)
  }
})

t.test('a bound never falls with the confidence, before, while and after a device changes', async (t) => {
  const confidences = [0.05, 0.3, 0.5, 0.6, 0.7, 0.75, 0.79, 0.8, 0.85, 0.9, 0.95]
  for (const [seed, middle] of [[1, 12], [2, 30], [3, 8], [4, 1], [5, 10]] as const) {
    const random = seededRandom([seed])
    const durations = [...steady(10, 60, random), ...steady(middle, 60, random)]
    for (let count = 1; count <= durations.length; count++) {
      const bounds = confidences.map((confidence) => estimateAfter(durations.slice(0, count), confidence).duration_seconds!)
      if (bounds.some((bound, index) => index > 0 && bound < bounds[index - 1]!)) t.fail(`${middle} s after ${count}: ${bounds.join(', ')}`)
    }
  }
  t.pass()
})

t.test('one hang changes nothing, wherever it falls', async (t) => {
  for (let at = 20; at < 100; at++) {
    const durations = steady(10, 100, seededRandom([at]))
    durations[at] = 195
    for (const after of [at + 1, at + 10, at + 40]) {
      const answer = estimateAfter(durations.slice(0, after))
      if (hasCut(answer) || answer.duration_seconds! > 10.3) t.fail(`a hang at ${at} makes it ${answer.duration_seconds} after ${after}`)
    }
  }
  t.pass()
})

t.test('hangs that repeat are planned for, and make no cut', async (t) => {
  const often = steady(10, 60, seededRandom([5])).map((duration, index) => index % 10 === 4 ? 195 : duration)
  t.match(estimateAfter(often), { duration_seconds: 195, method: 'rank' })
  t.notOk(hasCut(estimateAfter(often)))
  t.ok(estimateAfter(often, 0.8).duration_seconds! < 11, 'who asks for less than nine in ten may ignore them')
  const three = [...steady(10, 60, seededRandom([6])), 195, 195, 195]
  t.notOk(hasCut(estimateAfter(three)), 'nor do three in a row')
})

t.test('a device that changes and changes back is judged by what it did last', async (t) => {
  const random = seededRandom([7])
  const durations = [...steady(10, 60, random), ...steady(20, 20, random), ...steady(10, 26, random)]
  const { duration_seconds } = estimateAfter(durations)
  t.ok(duration_seconds! < 11, String(duration_seconds))
})
