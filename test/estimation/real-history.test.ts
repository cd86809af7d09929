import t from 'tap'
import { type ReplayedStep, readRuns } from '../../src/demo/robotlab.ts'
import { PlainHistory, plainRank } from '../support/plain-estimator.ts'
import { replayRuns } from '../support/replayed-runs.ts'
import { aService } from '../support/service.ts'
import { repetitions, thorough } from '../support/thorough.ts'

// 16,939 steps of 32 real runs. The first test has the first 16 of them, and all with --thorough. It asks as an orchestrator does: for a
// whole run before it starts; then the run is logged.
// examples/robotlab/README.md says how the records are read as steps, docs/estimates.md what the figures mean.

const confidences = thorough ? [0.5, 0.8, 0.9, 0.95] as const : [0.5, 0.9] as const

/** Sums over the steps that had an estimate. The errors are absolute, in seconds. */
type Score = { steps: number, kept: number, enough: number, keptWhereEnough: number, loss: number, plainLoss: number, seconds: number, error: number, maximumError: number }
const noScore = (): Score => ({ steps: 0, kept: 0, enough: 0, keptWhereEnough: 0, loss: 0, plainLoss: 0, seconds: 0, error: 0, maximumError: 0 })

const secondsOf = ({ start, finish }: ReplayedStep) => (Date.parse(finish) - Date.parse(start)) / 1000
const plan = ({ kind, name, device, data, origin, destination }: ReplayedStep) =>
  ({ kind, name, device, data, ...(origin && destination ? { origin, destination } : {}) })
/** The pinball loss of a bound at confidence c, in seconds: a step that is late costs c a second, one that is early costs 1 - c. */
const pinball = (confidence: number, bound: number, actual: number) =>
  actual >= bound ? confidence * (actual - bound) : (1 - confidence) * (bound - actual)

/** Figures for people: `FIGURES=1 npm test -- --thorough test/estimation/real-history.test.ts` prints them. */
const tell = (text: string) => process.env.FIGURES ? process.stderr.write(`${text}\n`) : t.comment(text)

type Answer = { duration_seconds: number | null, method: string }
type Rival = { rank: number, maximum: number, alike: boolean }

t.test('on a real lab\'s history the promised confidence is kept, and sharply', async (t) => {
  const service = await aService(t)
  const { body: painting } = await service.post('/api/processes', { name: 'cell painting', source: 'see examples/robotlab' })
  const plain = new PlainHistory()
  /** All steps, and the steps whose program or route was seen before. For the others the documented maximum has no answer. */
  const scores = new Map(confidences.map((confidence) => [confidence, { all: noScore(), alike: noScore() }]))
  const totals = { runs: 0, kept: 0 }
  const answered = { steps: 0, known: 0 }
  let disagreements = 0

  // fewer runs in `npm test`, which people wait for
  const runs = (await readRuns()).slice(0, repetitions({ quick: 16, thorough: 32 }))
  for (const [number, { name, steps }] of runs.entries()) {
    const durations = steps.map(secondsOf)
    for (const confidence of confidences) {
      const { body } = await service.post('/api/estimates/batch', { steps: steps.map(plan), confidence, total: confidence === 0.9 })
      const answers = body.estimates as Answer[]
      const rivals = rivalsOf(plain, steps, confidence)
      disagreements += answers.filter(({ duration_seconds }, index) => (duration_seconds === null) !== (rivals[index] === null)).length
      for (const [index, answer] of answers.entries()) {
        const rival = rivals[index]
        if (answer.duration_seconds === null || !rival) continue
        add(scores.get(confidence)!.all, answer, rival, durations[index]!, confidence)
        if (rival.alike) add(scores.get(confidence)!.alike, answer, rival, durations[index]!, confidence)
      }
      const known = durations.filter((_, index) => answers[index]!.duration_seconds !== null)
      if (number >= 2 && confidence === 0.5) {
        answered.steps += steps.length
        answered.known += known.length
      }
      if (confidence === 0.9 && known.length >= 10) {
        totals.runs++
        if (sum(known) <= body.total.duration_seconds) totals.kept++
      }
    }
    const { body: experiment } = await service.post('/api/experiments', { process_id: painting.id, name })
    const logged = await service.post('/api/steps/batch', { steps: steps.map((step) => ({ ...step, experiment_id: experiment.id, containers: [] })) })
    if (logged.status !== 201) throw new Error(logged.text.slice(0, 500))
    await service.app.learner.learnNow()
    for (const [index, step] of steps.entries()) plain.learn(step, durations[index]!)
  }

  for (const [confidence, { all, alike }] of scores) {
    const coverage = all.keptWhereEnough / all.enough
    const overall = all.kept / all.steps
    tell(`${confidence}: kept ${coverage.toFixed(3)} where samples suffice (${all.enough}), ${overall.toFixed(3)} of all (${all.steps}); ` +
      `pinball loss ${(all.loss / all.plainLoss).toFixed(3)} of the plain rank bound's; ` +
      [['all', all] as const, ['of programs seen before', alike] as const].map(([which, { error, seconds, maximumError }]) =>
        `error / time ${which} ${(error / seconds).toFixed(3)}, the maximum's ${(maximumError / seconds).toFixed(3)}`).join('; '))
    const [least, most] = confidence === 0.5 ? [0.46, 0.55] : [confidence - 0.02, confidence + 0.03]
    t.ok(coverage >= least && coverage <= most, `${confidence} is kept in ${coverage.toFixed(3)} where samples suffice`)
    t.ok(overall >= confidence - 0.03, `${confidence} is kept in ${overall.toFixed(3)} of all`)
    t.ok(all.loss <= 1.005 * all.plainLoss, `${confidence}: the pinball loss is at most the plain rank bound's`)
    if (confidence === 0.95) t.ok(alike.error <= alike.maximumError / 5, `${confidence}: the error is at most a fifth of the maximum's`)
  }
  t.equal(disagreements, 0, 'what the plain estimator knows, so does the service')
  t.ok(answered.known >= 0.97 * answered.steps, `${answered.known} of ${answered.steps} steps after the first two runs have an estimate`)
  tell(`totals at 0.9: kept in ${totals.kept} of ${totals.runs} runs`)
  const error = 2 * Math.sqrt(0.9 * 0.1 / totals.runs)
  t.ok(Math.abs(totals.kept / totals.runs - 0.9) <= error, `the totals of ${totals.kept} of ${totals.runs} runs are kept at 0.9`)
})

t.test('forwards and backwards in time, and in each half of the runs, the requested confidence is kept as well', async (t) => {
  const runs = await readRuns()
  const backwards = runs.toReversed().map(({ steps }) => ({ steps: steps.toReversed() }))
  const half = runs.length / 2
  const all = { forwards: runs, backwards, 'the first half': runs.slice(0, half), 'the second half': runs.slice(half) }
  // Each takes half a minute, most of it for the totals. `npm run test:soak` runs all of them.
  const splits: Partial<typeof all> = process.env.EVERY_SPLIT === undefined ? { backwards } : all
  for (const [name, split] of Object.entries(splits)) {
    const { scores, totals } = await replayRuns(split, confidences, { totals: thorough || splits === all })
    for (const [confidence, { steps, kept, loss, plainLoss }] of scores) {
      const coverage = kept / steps
      const ratio = loss / plainLoss
      tell(`${name}, ${confidence}: kept ${coverage.toFixed(3)} (${steps}); pinball loss ${ratio.toFixed(3)}; totals ${totals.get(confidence)!.kept} of ${totals.get(confidence)!.runs} runs`)
      const [least, most] = confidence === 0.5 ? [0.45, 0.55] : [confidence - 0.02, confidence + 0.03]
      t.ok(coverage >= least && coverage <= most, `${name}: ${confidence} is kept in ${coverage.toFixed(3)}`)
      const { kept: keptTotals, runs: all } = totals.get(confidence)!
      if (name === 'forwards' && (confidence === 0.8 || confidence === 0.9)) t.ok(keptTotals >= confidence * all, `${name}: totals at ${confidence} are kept in ${keptTotals} of ${all} runs`)
      t.ok(ratio <= 1.005, `${name}: the pinball loss at ${confidence} is ${ratio.toFixed(3)} of the plain rank bound's`)
    }
  }
})

/** For each step the plain rank bound of the last 50 samples and the maximum of all samples; null without samples. */
function rivalsOf (plain: PlainHistory, steps: readonly ReplayedStep[], confidence: number): (Rival | null)[] {
  const known = new Map<string, Rival>()
  return steps.map((step) => {
    const past = plain.of(step)
    if (past === null) return null
    if (!known.has(past.key)) {
      known.set(past.key, { rank: plainRank(past.samples.slice(-50), confidence).seconds, maximum: Math.max(...past.samples), alike: past.alike })
    }
    return known.get(past.key)!
  })
}

function add (score: Score, { duration_seconds, method }: Answer, { rank, maximum }: Rival, actual: number, confidence: number): void {
  const bound = duration_seconds!
  const kept = actual <= bound ? 1 : 0
  score.steps++
  score.kept += kept
  if (method === 'rank') {
    score.enough++
    score.keptWhereEnough += kept
  }
  score.seconds += actual
  score.loss += pinball(confidence, bound, actual)
  score.plainLoss += pinball(confidence, rank, actual)
  score.error += Math.abs(bound - actual)
  score.maximumError += Math.abs(maximum - actual)
}

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
