import t from 'tap'
import { type LoggedStep, readRuns } from '../../src/demo/robotlab.ts'
import { PlainHistory, plainRank } from '../support/plain-estimator.ts'
import { aService } from '../support/service.ts'

// 16,939 steps of 32 real runs, asked for as an orchestrator asks: a whole run before it starts, then the run is logged.
// How the records are read as steps is told in examples/robotlab/README.md.

const confidences = [0.5, 0.8, 0.9, 0.95] as const

type Score = { asked: number, covered: number, enough: number, coveredWhereEnough: number, loss: number, plainLoss: number, error: number, maximumError: number, seconds: number }

const secondsOf = ({ start, finish }: LoggedStep) => (Date.parse(finish) - Date.parse(start)) / 1000
const plan = ({ kind, name, device, data, origin, destination }: LoggedStep) =>
  ({ kind, name, device, data, ...(origin && destination ? { origin, destination } : {}) })
/** The pinball loss of a bound at c, in seconds: what it costs to be late (c) and to be early (1 - c). */
const pinball = (confidence: number, bound: number, actual: number) =>
  actual >= bound ? confidence * (actual - bound) : (1 - confidence) * (bound - actual)

t.test('on a real lab\'s history the promised confidence is kept, and sharply', async (t) => {
  const service = await aService(t)
  const { body: process } = await service.post('/api/processes', { name: 'cell painting', source: 'see examples/robotlab' })
  const plain = new PlainHistory()
  const scores = new Map(confidences.map((confidence): [number, Score] =>
    [confidence, { asked: 0, covered: 0, enough: 0, coveredWhereEnough: 0, loss: 0, plainLoss: 0, error: 0, maximumError: 0, seconds: 0 }]))
  const totals = { runs: 0, covered: 0 }
  let afterTwo = 0
  let unanswered = 0
  let disagreements = 0

  for (const [number, { name, steps }] of (await readRuns()).entries()) {
    for (const confidence of confidences) {
      const { body } = await service.post('/api/estimates/batch', { steps: steps.map(plan), confidence, total: confidence === 0.9 })
      const score = scores.get(confidence)!
      let known = 0
      for (const [index, step] of steps.entries()) {
        const { duration_seconds: bound, method } = body.estimates[index]
        if (number >= 2 && confidence === 0.5) {
          afterTwo++
          if (bound === null) unanswered++
        }
        const past = plain.of(step)
        if ((bound === null) !== (past === null)) disagreements++
        if (bound === null || past === null) continue
        const actual = secondsOf(step)
        known += actual
        score.asked++
        score.seconds += actual
        if (actual <= bound) score.covered++
        if (method === 'rank') {
          score.enough++
          if (actual <= bound) score.coveredWhereEnough++
        }
        score.loss += pinball(confidence, bound, actual)
        score.plainLoss += pinball(confidence, plainRank(past.slice(-50), confidence).seconds, actual)
        score.error += Math.abs(bound - actual)
        score.maximumError += Math.abs(Math.max(...past) - actual)
      }
      if (confidence === 0.9 && steps.length - body.total.unknown_steps >= 10) {
        totals.runs++
        if (known <= body.total.duration_seconds) totals.covered++
      }
    }
    const { body: experiment } = await service.post('/api/experiments', { process_id: process.id, name })
    const logged = await service.post('/api/steps/batch', { steps: steps.map((step) => ({ ...step, experiment_id: experiment.id, containers: [] })) })
    if (logged.status !== 201) throw new Error(logged.text.slice(0, 500))
    for (const step of steps) plain.learn(step, secondsOf(step))
  }

  for (const [confidence, score] of scores) {
    const coverage = score.coveredWhereEnough / score.enough
    const overall = score.covered / score.asked
    t.comment(`${confidence}: covered ${coverage.toFixed(3)} where samples suffice (${score.enough}), ${overall.toFixed(3)} of all (${score.asked}); ` +
      `pinball loss ${(score.loss / score.plainLoss).toFixed(3)} of the plain rank bound's; error / time ${(score.error / score.seconds).toFixed(3)}, the maximum's ${(score.maximumError / score.seconds).toFixed(3)}`)
    if (confidence === 0.5) {
      t.ok(coverage >= 0.46 && coverage <= 0.56, `0.5 covers ${coverage}`)
    } else {
      t.ok(coverage >= confidence - 0.02 && coverage <= confidence + 0.03, `${confidence} covers ${coverage} where samples suffice`)
      t.ok(score.loss <= 1.05 * score.plainLoss, `${confidence}: the pinball loss is at most 1.05 times the plain rank bound's`)
    }
    t.ok(overall >= confidence - 0.03, `${confidence} covers ${overall} over all`)
  }
  t.equal(disagreements, 0, 'what the plain estimator knows, so does the service')
  t.ok(unanswered <= 0.03 * afterTwo, `${unanswered} of ${afterTwo} steps after the first two runs have no estimate`)
  t.comment(`totals at 0.9: ${totals.covered} of ${totals.runs} runs covered`)
  const error = 2 * Math.sqrt(0.9 * 0.1 / totals.runs)
  t.ok(Math.abs(totals.covered / totals.runs - 0.9) <= error, `the totals of ${totals.covered} of ${totals.runs} runs are covered at 0.9`)
})
