import fc from 'fast-check'
import t from 'tap'
import { matchInputs } from '../../src/domain/match.ts'
import { estimate } from '../../src/estimation/estimate.ts'
import type { History } from '../../src/estimation/history.sql.ts'
import { marginConfidences, noMargins } from '../../src/estimation/margins.ts'
import { rankBound, samplesFor } from '../../src/estimation/model.ts'
import { normalQuantile } from '../../src/estimation/quantiles.ts'
import { seededRandom } from '../../src/estimation/random.ts'
import { plainRank } from '../support/plain-estimator.ts'

const seconds = fc.double({ min: 0, max: 1e5, noNaN: true })
const confidence = fc.double({ min: 0.01, max: 0.999, noNaN: true })
const history = (samples: number[]): History =>
  ({ level: 1, samples, finishes: samples.map((_, index) => 1e9 - index), borrowedSpread: null })
const bound = (samples: number[], c: number, margins = noMargins) =>
  estimate(history(samples), { kind: 'operation', commanded: null }, { confidence: c, statistic: 'upper_bound', margins })

t.test('a higher confidence never answers less, whatever the samples and the margins', async () => {
  const margins = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: marginConfidences.length, maxLength: marginConfidences.length })
  fc.assert(fc.property(fc.array(seconds, { minLength: 1, maxLength: 60 }), confidence, confidence, margins, (samples, a, b, known) => {
    const [low, high] = a < b ? [a, b] : [b, a]
    return bound(samples, low, known).duration_seconds! <= bound(samples, high, known).duration_seconds! * (1 + 1e-12)
  }))
})

t.test('the rank is the plain one, exactly, down to one sample', async () => {
  fc.assert(fc.property(fc.array(seconds, { minLength: 1, maxLength: 120 }), confidence, (samples, c) => {
    const sorted = [...samples].sort((x, y) => x - y)
    const plain = plainRank(samples, c)
    const found = rankBound(sorted, c)
    return plain.enough ? found?.seconds === plain.seconds && found.attained >= c - 1e-9 : found === null
  }))
})

t.test('one slower sample more never lowers the bound', async () => {
  fc.assert(fc.property(fc.array(seconds, { minLength: 1, maxLength: 100 }), confidence, (samples, c) => {
    const sorted = [...samples].sort((x, y) => x - y)
    const before = rankBound(sorted, c)
    const after = rankBound([...sorted, sorted.at(-1)! + 1], c)
    return before === null || after === null || after.seconds >= before.seconds
  }))
})

t.test('the parameters\' order and the format of their numbers do not matter', async () => {
  const value = fc.oneof(fc.integer(), fc.boolean(), fc.string({ maxLength: 10 }), fc.array(fc.integer(), { maxLength: 3 }))
  fc.assert(fc.property(fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), value, { maxKeys: 8 }), (data) => {
    const reversed = Object.fromEntries(Object.entries(data).reverse())
    const marked = JSON.stringify(reversed, (_, member: unknown) => typeof member === 'number' ? `number ${member}` : member)
    const spelled = JSON.parse(marked.replaceAll(/"number (-?\d+)"/g, '$1.0')) as Record<string, unknown>
    const key = (of: Record<string, unknown>) => matchInputs({ kind: 'operation', name: null, data: of }).match_parameters
    return key(data) === key(reversed) && key(data) === key(spelled)
  }))
})

// A probability distribution as its quantile function, from which samples are drawn.
type Law = (p: number) => number
const laws: Record<string, (random: () => number) => Law> = {
  'log-normal': (random) => {
    const spread = 0.01 + random() * 0.8
    return (p) => 10 * Math.exp(spread * normalQuantile(p))
  },
  bimodal: (random) => {
    const share = 0.1 + random() * 0.8
    return (p) => p < share ? 5 + p : 50 + p
  },
  'heavy tail': (random) => {
    const index = 0.8 + random() * 2
    return (p) => (1 - p) ** (-1 / index)
  }
}

t.test('a thousand laws are covered as promised', async (t) => {
  for (const [name, make] of Object.entries(laws)) {
    for (const c of [0.5, 0.8, 0.9, 0.95]) {
      const random = seededRandom([c, name.length])
      let covered = 0
      const trials = 334 * 6
      for (let trial = 0; trial < trials; trial++) {
        const law = make(random)
        const draw = () => law(Math.min(Math.max(random(), 1e-9), 1 - 1e-9))
        const n = samplesFor(c) + Math.floor(random() * 40)
        const sorted = Array.from({ length: n }, draw).sort((x, y) => x - y)
        if (draw() <= rankBound(sorted, c)!.seconds) covered++
      }
      // the rank's coverage lies between c and c + 1 / (n + 1); three standard errors of the binomial are added on both sides
      const error = 3 * Math.sqrt(c * (1 - c) / trials)
      t.ok(covered / trials >= c - error, `${name} at ${c}: ${covered} of ${trials}`)
      t.ok(covered / trials <= c + 1 / (samplesFor(c) + 1) + error, `${name} at ${c}: not far above either`)
    }
  }
})
