import type { ReplayedStep } from '../../src/demo/robotlab.ts'
import { boundOf, type StepEstimate, estimate } from '../../src/estimation/estimate.ts'
import type { History } from '../../src/estimation/history.sql.ts'
import { marginConfidences, nextMargins, nextShift, noMargins, runsForTypicalMiss, typicalMiss } from '../../src/estimation/margins.ts'
import { median, samplesFor, windowFor } from '../../src/estimation/model.ts'
import { basisOf } from '../../src/estimation/sample-basis.ts'
import { totalOf } from '../../src/estimation/total.ts'
import { PlainHistory, plainRank } from './plain-estimator.ts'

// Replays runs in memory, with the estimates and the learning of the service but without its database: in the time that one replay over
// HTTP takes, it replays all splits of a history. It borrows no spread, so only steps with enough samples are scored.

type Run = { steps: readonly ReplayedStep[] }
export type Score = { steps: number, kept: number, loss: number, plainLoss: number }
export type Totals = { runs: number, kept: number }
type Known = { wide: History, usual: History, estimates: Map<number, StepEstimate>, plain: Map<number, number>, mixed: boolean, bounds: (number | null)[] }

const usualWindow = windowFor(0.95)
const mixedKey = /^(device_function|function|to) /
const secondsOf = ({ start, finish }: ReplayedStep) => (Date.parse(finish) - Date.parse(start)) / 1000
const pinball = (confidence: number, bound: number, actual: number) => actual >= bound ? confidence * (actual - bound) : (1 - confidence) * (bound - actual)

/** Estimates each run as a whole before it starts, then learns from it, in the given order. Totals of runs are simulated on request only. */
export async function replayRuns (
  runs: readonly Run[], confidences: readonly number[], { totals: simulates }: { totals: boolean }
): Promise<{ scores: Map<number, Score>, totals: Map<number, Totals> }> {
  const plain = new PlainHistory()
  const scores = new Map(confidences.map((confidence) => [confidence, { steps: 0, kept: 0, loss: 0, plainLoss: 0 }]))
  const totals = new Map(confidences.map((confidence) => [confidence, { runs: 0, kept: 0 }]))
  let [margins, shift] = [noMargins, 0]
  const typicals: (number | null)[] = []
  const ratios: number[] = []
  for (const { steps } of runs) {
    const known = new Map<string, Known>()
    const done = steps.flatMap((step) => {
      const past = plain.of(step)
      if (past === null) return []
      if (!known.has(past.key)) known.set(past.key, knownOf(past.key, past.samples))
      return [{ seconds: secondsOf(step), known: known.get(past.key)! }]
    })
    for (const confidence of confidences) {
      const score = scores.get(confidence)!
      for (const { seconds, known: { estimates, plain } } of done) {
        const { duration_seconds: bound, method } = estimates.get(confidence)!
        if (method !== 'rank') continue
        score.steps++
        if (seconds <= bound!) score.kept++
        score.loss += pinball(confidence, bound!, seconds)
        score.plainLoss += pinball(confidence, plain.get(confidence)!, seconds)
      }
      if (done.length < 10 || !simulates) continue
      const parts = done.map(({ known: { usual, estimates } }) => ({ samples: boundOf(usual, 'operation', { confidence, shift })!.basis.sorted, commanded: null, estimate: estimates.get(confidence)! }))
      const total = await totalOf(parts, { confidence, ratios: ratios.slice(-20) })
      totals.get(confidence)!.runs++
      if (sum(done.map(({ seconds }) => seconds)) <= total.duration_seconds!) totals.get(confidence)!.kept++
    }
    const misses = marginConfidences.map((_, point) => done.flatMap(({ seconds, known: { bounds } }) => bounds[point] === null ? [] : [seconds - bounds[point]!]))
    typicals.unshift(typicalMiss(done.flatMap(({ seconds, known: { usual, mixed } }) => {
      const { sorted } = basisOf(usual, 'operation')
      return mixed || sorted.length < samplesFor(0.95) ? [] : [seconds - median(sorted)]
    })))
    const lately = typicals.slice(0, runsForTypicalMiss).filter((typical) => typical !== null)
    shift = nextShift(shift, misses[0]!, lately)
    margins = nextMargins(margins, misses, lately).map((margin, point) => point === 0 ? 0 : margin)
    const predicted = sum(done.map(({ known: { usual } }) => mean(basisOf(usual, 'operation').sorted)))
    if (predicted > 0) ratios.push(sum(done.map(({ seconds }) => seconds)) / predicted)
    for (const step of steps) plain.learn(step, secondsOf(step))
  }
  return { scores, totals }

  function knownOf (key: string, samples: readonly number[]): Known {
    const mixed = mixedKey.test(key)
    const history = (most: number): History => {
      const newest = samples.slice(-most).reverse()
      return { level: mixed ? 4 : 1, samples: newest, finishes: newest.map((_, index) => 1e9 - index), borrowedSpread: null }
    }
    const [usual, wide] = [history(usualWindow), history(windowFor(marginConfidences.at(-1)!))]
    return {
      usual, wide, mixed,
      estimates: new Map(confidences.map((confidence) => [confidence,
        estimate(usual, { kind: 'operation', commanded: null }, { confidence, statistic: 'upper_bound', margins, shift })])),
      plain: new Map(confidences.map((confidence) => [confidence, plainRank(usual.samples, confidence).seconds])),
      bounds: marginConfidences.map((confidence) => {
        const { chosen: { method, seconds } } = boundOf(windowFor(confidence) === usualWindow ? usual : wide, 'operation', { confidence, shift })!
        return method === 'rank' ? seconds : null
      })
    }
  }
}

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function mean (numbers: readonly number[]): number {
  return sum(numbers) / numbers.length
}
