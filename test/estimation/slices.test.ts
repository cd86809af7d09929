import t from 'tap'
import type { StepEstimate } from '../../src/estimation/estimate.ts'
import { totalOf } from '../../src/estimation/total.ts'
import { aStep } from '../support/log.ts'
import { aLab } from '../support/service.ts'

// A batch of estimates is calculated in parts, and other requests come between them.

t.test('a total gives the event loop back between its steps', async (t) => {
  const estimate = { duration_seconds: 10, median_seconds: 9 } as StepEstimate
  let breaths = 0
  const parts = Array.from({ length: 300 }, () => ({ samples: [8, 9, 10], commanded: null, estimate }))
  const { duration_seconds } = await totalOf(parts, { confidence: 0.9, ratios: [] }, async () => { breaths += 1 })
  t.equal(breaths, 300)
  t.ok(duration_seconds! > 300 * 8)
})

t.test('a batch with large windows is read in several statements, with the estimates of one', async (t) => {
  const lab = await aLab(t, { Reader: 1 }, { AUTH: 'off' })
  await lab.post('/api/steps/batch', { steps: Array.from({ length: 60 }, (_, n) => aStep({ device: 'Reader', data: { fct: 'read', wavelength: n % 3 } })) })
  const steps = Array.from({ length: 300 }, (_, n) => ({ device: 'Reader', data: { fct: 'read', wavelength: n } }))
  const { pool } = lab.app.database
  const { query } = pool
  let statements = 0
  pool.query = function (this: typeof pool, ...given: [{ text: string }]) {
    if (/borrowed_spread/.test(given[0].text)) statements += 1
    return (query as any).apply(this, given)
  } as any
  t.teardown(() => { pool.query = query })
  const ask = async (body: object): Promise<any[]> => (await lab.post('/api/estimates/batch', { steps, ...body })).body.estimates
  const largest = await ask({ statistic: 'max' })
  t.equal(statements, 3)
  t.same(largest.map(({ sample_size }) => sample_size), steps.map((_, n) => n < 3 ? 20 : 60), 'in the order of the request')
  statements = 0
  t.equal((await ask({ confidence: 0.9 })).length, 300)
  t.equal(statements, 1, 'one, with the usual windows')
})
