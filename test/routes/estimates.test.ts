import t from 'tap'
import { lasting } from '../support/times.ts'
import { aLab, type Service } from '../support/service.ts'

const second = 1000
const origin = Date.parse('2026-03-01T08:00:00Z')

type Logged = { seconds: number, [member: string]: unknown }

/** Logs one step an hour with these durations in seconds. The last duration of the list is that of the newest step. */
async function log (lab: Service, steps: readonly Logged[]): Promise<void> {
  const answer = await lab.post('/api/steps/batch', { steps: steps.map(({ seconds, ...step }, index) => {
    const start = origin + index * 3600 * second
    return { device: 'Reader', start: new Date(start).toISOString(), finish: new Date(start + seconds * second).toISOString(), ...step }
  }) })
  if (answer.status !== 201) throw new Error(answer.text)
}

const upTo = (n: number, step: object = {}): Logged[] => Array.from({ length: n }, (_, index) => ({ seconds: index + 1, data: { fct: 'read' }, ...step }))
const read = { device: 'Reader', data: { fct: 'read' } }

t.test('an estimate without history is null, and still an answer', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  t.match(await lab.post('/api/estimates', { step: read }), { status: 200, body: {
    duration_seconds: null, confidence: 0.95, confidence_attained: null, method: 'none', level: null, sample_size: 0, window_from: null, median_seconds: null,
    margin_seconds: 0, warnings: [{ code: 'no-history' }] } })
  t.match(await lab.post('/api/estimates', { step: { device: 'Nobody knows it' } }), { status: 200, body: { duration_seconds: null } })
})

t.test('the bound is the rank that the confidence asks for', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  await log(lab, upTo(50))
  for (const [confidence, seconds] of [[0.8, 41], [0.9, 46], [0.95, 49]] as const) {
    t.match(await lab.post('/api/estimates', { step: read, confidence }),
      { body: { duration_seconds: seconds, confidence, method: 'rank', level: 'parameters', sample_size: 50, median_seconds: 25.5, window_from: '2026-03-01T08:00:01.000Z', warnings: [] } })
  }
  t.match(await lab.post('/api/estimates', { step: read, confidence: 0.5 }),
    { body: { duration_seconds: 36, method: 'rank', sample_size: 30, median_seconds: 35.5, window_from: '2026-03-02T04:00:21.000Z', warnings: [] } }, 'below 0.8 the newest thirty are enough')
  t.match((await lab.post('/api/estimates', { step: read, confidence: 0.9 })).body.confidence_attained, 46 / 51)

  await t.test('of the most recent ones', async (t) => {
    await lab.post('/api/steps', { ...read, start: '2026-09-01T00:00:00Z', finish: '2026-09-01T00:10:00Z' })
    t.match(await lab.post('/api/estimates', { step: read, confidence: 0.8 }), { body: { sample_size: 50, median_seconds: 26.5 } }, 'the oldest left the window')
  })

  await t.test('and max, mean and median when asked', async (t) => {
    t.match(await lab.post('/api/estimates', { step: read, statistic: 'max' }), { body: { duration_seconds: 600, method: 'max', sample_size: 51 } })
    t.match(await lab.post('/api/estimates', { step: read, statistic: 'median' }), { body: { duration_seconds: 26.5, method: 'median', confidence_attained: null } })
    t.match(await lab.post('/api/estimates', { step: read, statistic: 'mean' }), { body: { method: 'mean' } })
  })
})

t.test('below the sample size that the rank needs a labelled substitute answers', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  await log(lab, [{ seconds: 10, data: { fct: 'read' } }, { seconds: 11, data: { fct: 'read' } }])
  const { body } = await lab.post('/api/estimates', { step: read, confidence: 0.95 })
  t.match(body, { method: 'substitute', sample_size: 2, median_seconds: 10.5, warnings: [{ code: 'few-samples' }, { code: 'below-sample-size' }] })
  t.ok(body.duration_seconds > 11 && body.duration_seconds < 16, String(body.duration_seconds))
  t.ok(Math.abs(body.confidence_attained - 2 / 3) < 1e-9)

  await t.test('whose spread is borrowed from the same function on the device', async (t) => {
    await log(lab, upTo(40, { data: { fct: 'read', plate_height: 1 } }).map((step) => ({ ...step, seconds: 30 + step.seconds % 2 * 0.1 })))
    const steady = await lab.post('/api/estimates', { step: read, confidence: 0.95 })
    t.ok(steady.body.duration_seconds < body.duration_seconds, 'a steady device makes a sharper bound')
  })
})

t.test('who counts', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  await log(lab, [
    { seconds: 10, data: { fct: 'read' } },
    { seconds: 99, data: { fct: 'read' }, status: 'failed' },
    { seconds: 99, data: { fct: 'read' }, status: 'aborted' },
    { seconds: 99, data: { fct: 'read' }, is_simulation: true }
  ])
  await lab.post('/api/steps', { ...read, start: '2026-03-01T08:00:00Z' })
  await lab.post('/api/steps', { ...read, start: '2998-03-01T08:00:00Z', finish: '2998-03-01T08:01:39Z' })
  t.match(await lab.post('/api/estimates', { step: read }), { body: { sample_size: 1, median_seconds: 10 } }, 'not failed, aborted, simulated, running ones, nor those of the future')

  await t.test('corrected steps as corrected', async (t) => {
    const { body: { items: [step] } } = await lab.get('/api/steps?status=completed&limit=1')
    await lab.patch(`/api/steps/${step.id}`, { finish: '2026-03-01T08:00:12Z', reason: 'read off the video' })
    t.match(await lab.post('/api/estimates', { step: read }), { body: { sample_size: 1, median_seconds: 12 } })
    await lab.patch(`/api/steps/${step.id}`, { is_simulation: true, reason: 'it was a dry run' })
    t.match(await lab.post('/api/estimates', { step: read }), { body: { sample_size: 0 } })
  })
})

t.test('operations are matched by the most specific level that has any sample', async (t) => {
  const lab = await aLab(t, { Reader: 1, Other: 1 })
  const asked = async (step: object) => (await lab.post('/api/estimates', { step: { device: 'Reader', ...step } })).body
  await log(lab, [
    { seconds: 10, data: { fct: 'read', protocol: 'p', wavelength: 450 } },
    { seconds: 20, data: { fct: 'read', protocol: 'p', wavelength: 570 } },
    { seconds: 30, device: 'Other', data: { fct: 'read', protocol: 'p' } },
    { seconds: 40, device: 'Other', data: { fct: 'read', protocol: 'q' } },
    { seconds: 50, device: 'Other', data: { fct: 'shake_well' } }
  ])
  t.match(await asked({ data: { fct: 'read', protocol: 'p', wavelength: 450 } }), { level: 'parameters', sample_size: 1, median_seconds: 10 })
  t.match(await asked({ data: { wavelength: '450.0', protocol: 'p', fct: 'read', label: 'x', executor: ['Reader'] } }), { level: 'parameters', median_seconds: 10 }, 'whatever the order, the format of numbers and the bookkeeping')
  t.match(await asked({ data: { fct: 'read', protocol: 'p', wavelength: 999 } }), { level: 'device_protocol', sample_size: 2, median_seconds: 15 })
  t.match(await asked({ data: { fct: 'read', method: 'q' } }), { level: 'protocol', sample_size: 1, median_seconds: 40 })
  t.match(await asked({ data: { fct: 'read', protocol: 'r' } }), { level: 'device_function', sample_size: 2 })
  t.match(await asked({ data: { fct: 'shake_well' } }), { level: 'function', sample_size: 1, median_seconds: 50 })
  t.match(await asked({ data: { fct: 'never' } }), { level: null, method: 'none' })

  await t.test('and a renamed device keeps its history', async (t) => {
    await lab.patch('/api/devices/Reader', { name: 'Reader 2' })
    t.match(await asked({ device: 'Reader 2', data: { fct: 'read', protocol: 'p', wavelength: 450 } }), { level: 'parameters', sample_size: 1 })
  })
})

t.test('moves are matched by slots, then by devices', async (t) => {
  const lab = await aLab(t, { Hotel: 5, Reader: 1, Arm: 1, Arm2: 1 })
  const move = (from: number | undefined, more: object = {}) => ({
    kind: 'move', device: 'Arm', origin: { device: 'Hotel', ...(from === undefined ? {} : { position: from }) }, destination: { device: 'Reader', position: 0 }, ...more })
  const asked = async (step: object) => (await lab.post('/api/estimates', { step })).body
  await log(lab, [
    { seconds: 10, ...move(0) },
    { seconds: 20, ...move(1, { lidded_before: true, lidded_after: false, barcode_read: true }) },
    { seconds: 30, ...move(2, { device: 'Arm2' }) }
  ])
  t.match(await asked(move(0)), { level: 'slots', sample_size: 1, median_seconds: 10 })
  t.match(await asked(move(4, { lidded_before: true, lidded_after: false, barcode_read: true })), { level: 'pair_lid_barcode', sample_size: 1, median_seconds: 20 })
  t.match(await asked(move(4)), { level: 'pair', sample_size: 3, median_seconds: 20 })
  t.match(await asked(move(undefined)), { level: 'pair', sample_size: 3 }, 'only the devices are needed')
  t.match(await asked(move(0, { origin: { device: 'Reader' } })), { level: 'mover_destination', sample_size: 2 })
  t.match(await asked(move(0, { destination: { device: 'Arm2' } })), { level: null })
})

t.test('steps that command their time', async (t) => {
  const lab = await aLab(t, { Incubator: 1 })
  const incubate = (duration: number | string) => ({ device: 'Incubator', data: { fct: 'incubate', temperature: 37, duration } })
  t.match(await lab.post('/api/estimates', { step: incubate(600) }), { body: { duration_seconds: 600, method: 'commanded', level: null, sample_size: 0 } })
  await log(lab, Array.from({ length: 19 }, (_, index) => ({ seconds: 600 + index * 60 + 5, ...incubate(600 + index * 60) })))
  t.match(await lab.post('/api/estimates', { step: incubate(7200) }), { body: { duration_seconds: 7205, median_seconds: 7205, method: 'overhead', level: 'parameters', sample_size: 19 } },
    'what such steps took beyond the commanded time comes on top, whatever the time')
})

t.test('many at once', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  await log(lab, upTo(50))

  await t.test('are answered in order, equal ones alike', async (t) => {
    const { body } = await lab.post('/api/estimates/batch', { steps: [read, { device: 'X', data: { fct: 'never' } }, { ...read, name: 'again' }], confidence: 0.9 })
    t.strictSame(body.estimates.map((estimate: { duration_seconds: number | null }) => estimate.duration_seconds), [46, null, 46])
    t.strictSame(body.estimates[0], (await lab.post('/api/estimates', { step: read, confidence: 0.9 })).body)
    t.notOk('total' in body)
  })

  await t.test('with their total: less than the sum of the bounds, more than the median, the same each time', async (t) => {
    const request = { steps: [...Array(20).fill(read), { device: 'X', data: { fct: 'never' } }], confidence: 0.95, total: true }
    const { body: { total } } = await lab.post('/api/estimates/batch', request)
    t.match(total, { unknown_steps: 1, sum_of_bounds_seconds: 49 * 20 })
    t.ok(total.median_seconds > 450 && total.median_seconds < 570)
    t.ok(total.duration_seconds > total.median_seconds && total.duration_seconds < total.sum_of_bounds_seconds)
    t.strictSame((await lab.post('/api/estimates/batch', request)).body.total, total)
    t.match((await lab.post('/api/estimates/batch', { steps: [{ device: 'X' }], total: true })).body.total, { duration_seconds: null, median_seconds: null, sum_of_bounds_seconds: 0, unknown_steps: 1 })
  })

  await t.test('with a total that is never below the estimate of one step, whatever its statistic', async (t) => {
    const spread = { device: 'Spread', data: { fct: 'wash' } }
    await lab.post('/api/steps/batch', { steps: [...Array(50).fill(1), 6, 6].map((seconds, index) => ({ ...spread, ...lasting(seconds, 3600 + index * 60) })) })
    for (const statistic of ['max', 'mean', 'median', 'upper_bound']) {
      const { body: { estimates: [estimate], total } } = await lab.post('/api/estimates/batch', { steps: [spread], statistic, confidence: 0.8, total: true })
      t.ok(total.duration_seconds >= estimate.duration_seconds, `${statistic}: ${total.duration_seconds} and ${estimate.duration_seconds}`)
    }
  })

  await t.test('with a total that is never below the bound of one step, nor below its median without a word', async (t) => {
    const incubate = (duration: number) => ({ device: 'Incubator', data: { fct: 'incubate', duration } })
    await log(lab, [{ seconds: 3540.038, ...incubate(3600) }, { seconds: 3540.038, ...incubate(3600) }])
    for (const confidence of [0.5, 0.8, 0.95]) {
      const { body: { estimates: [one], total } } = await lab.post('/api/estimates/batch', { steps: [incubate(60)], total: true, confidence })
      t.ok(total.duration_seconds >= one.duration_seconds, `${total.duration_seconds} s, the step ${one.duration_seconds} s`)
      t.ok(total.duration_seconds >= total.median_seconds && total.median_seconds >= one.median_seconds)
      t.same(total.warnings, [])
    }
    const { body: { estimates: [one], total } } = await lab.post('/api/estimates/batch', { steps: [read], total: true, confidence: 0.1 })
    t.ok(total.duration_seconds < one.median_seconds)
    t.match(total.warnings, [{ code: 'below-a-median' }])
  })

  await t.test('up to 5,000', async (t) => {
    const steps = Array.from({ length: 5000 }, (_, index) => ({ device: 'Reader', data: { fct: 'read', index } }))
    t.equal((await lab.post('/api/estimates/batch', { steps })).body.estimates.length, 5000)
    t.match(await lab.post('/api/estimates/batch', { steps: [...steps, read] }), { status: 400, body: { errors: [{ pointer: '/steps' }] } })
    t.match(await lab.post('/api/estimates/batch', { steps: [] }), { status: 400, body: { errors: [{ pointer: '/steps' }] } })
  })
})

t.test('bad questions are refused by member', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const deep = (levels: number): object => levels === 0 ? {} : { a: deep(levels - 1) }
  const cases: [what: string, body: object, pointer: string][] = [
    ['confidence 0', { step: read, confidence: 0 }, '/confidence'],
    ['confidence 1', { step: read, confidence: 1 }, '/confidence'],
    ['confidence as text', { step: read, confidence: '0.9' }, '/confidence'],
    ['an unknown statistic', { step: read, statistic: 'mode' }, '/statistic'],
    ['a move without origin', { step: { kind: 'move', device: 'Arm', destination: { device: 'Reader' } } }, '/step/origin'],
    ['an operation with an origin', { step: { ...read, origin: { device: 'Reader' } } }, '/step/origin'],
    ['data that is no object', { step: { device: 'Reader', data: [] } }, '/step/data'],
    ['data nested too deep', { step: { device: 'Reader', data: deep(40) } }, '/step/data'],
    ['data nested far too deep', { step: { device: 'Reader', data: deep(100) } }, '/step/data'],
    ['data of a megabyte', { step: { device: 'Reader', data: { text: 'x'.repeat(1_000_000) } } }, '/step/data'],
    ['times', { step: { ...read, start: '2026-03-01T08:00:00Z' } }, '/step/start']
  ]
  for (const [what, body, pointer] of cases) {
    const answer = await lab.post('/api/estimates', body)
    t.equal(answer.status, 400, what)
    t.ok(answer.body.errors[0].pointer.startsWith(pointer), `${what}: ${JSON.stringify(answer.body.errors)}`)
  }
  t.match(await lab.post('/api/estimates', '{"step":{"device":"Reader"},"confidence":NaN}', { 'content-type': 'application/json' }), { status: 400, body: { code: 'malformed-body' } })
  t.match(await lab.post('/api/estimates/batch', { steps: [read, { kind: 'move', device: 'Arm' }] }), { status: 400, body: { errors: [{ pointer: '/steps/1/origin' }] } })
})

t.test('seconds have whole milliseconds', async (t) => {
  const lab = await aLab(t, { Incubator: 1 })
  const incubate = (duration: number) => ({ device: 'Incubator', data: { fct: 'incubate', duration } })
  const { body } = await lab.post('/api/estimates', { step: incubate(600.0051) })
  t.match(body, { duration_seconds: 600.005, median_seconds: 600.005 })
  await log(lab, [600.005, 600.005, 600.005, 600.005, 600.005].map((seconds) => ({ seconds, ...incubate(600) })))
  for (const step of [incubate(0), incubate(0.1), incubate(600), incubate(3600.3)]) {
    const { body: { estimates: [estimate], total } } = await lab.post('/api/estimates/batch', { steps: [step, step, step], confidence: 0.8, total: true })
    const commanded = step.data.duration
    t.equal(estimate.duration_seconds, Number((commanded + 0.005).toFixed(3)))
    t.equal(estimate.median_seconds, Number((commanded + 0.005).toFixed(3)))
    t.equal(total.sum_of_bounds_seconds, Number((3 * (commanded + 0.005)).toFixed(3)))
    t.equal(total.duration_seconds, total.sum_of_bounds_seconds)
  }
  await log(lab, [0.1, 0.2].map((seconds) => ({ seconds, data: { fct: 'tiny' } })))
  t.match((await lab.get('/api/steps/statistics?fct=tiny')).body.items, [{ total_seconds: 0.3, mean_seconds: 0.15, median_seconds: 0.15, min_seconds: 0.1 }])
})

t.test('a step whose device is not assigned yet is answered by the levels that do not compare devices', async (t) => {
  const lab = await aLab(t, { Arm: 0, Arm2: 0, Hotel: 4, Reader: 1, Reader2: 1 })
  const times = { start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:00:20Z' }
  const ends = { origin: { device: 'Hotel', position: 0 }, destination: { device: 'Reader', position: 0 } }
  await lab.post('/api/steps', { device: 'Reader', data: { fct: 'read', protocol: 'a.prt', gain: 3 }, ...times })
  await lab.post('/api/steps', { device: 'Reader2', data: { fct: 'read', protocol: 'b.prt' }, ...times, finish: '2026-03-02T09:00:40Z' })
  await lab.post('/api/steps', { kind: 'move', device: 'Arm', ...ends, ...times })
  const asked = async (step: object) => (await lab.post('/api/estimates', { step })).body
  t.match(await asked({ data: { fct: 'read', protocol: 'a.prt', gain: 9 } }), { level: 'protocol', sample_size: 1, median_seconds: 20, warnings: [{ code: 'few-samples' }] })
  t.match(await asked({ device: null, data: { fct: 'read' } }), { level: 'function', sample_size: 2, median_seconds: 30 })
  t.match(await asked({ kind: 'move', ...ends }), { level: 'pair', sample_size: 1, median_seconds: 20 })
  t.match(await asked({ kind: 'move', origin: { device: 'Hotel' } }), { level: null, method: 'none', duration_seconds: null, warnings: [{ code: 'no-history' }] })
  t.match(await asked({ kind: 'move', device: 'Arm', origin: { device: 'Hotel' } }), { level: null })
  const { body } = await lab.post('/api/estimates/batch', { steps: [{ data: { fct: 'read' } }, { kind: 'move', ...ends }], total: true })
  t.match(body, { estimates: [{ level: 'function' }, { level: 'pair' }], total: { unknown_steps: 0 } })
  t.match(await lab.post('/api/estimates?samples=true', { step: { data: { fct: 'read' } } }), { status: 200, body: { samples: [{ seconds: Number }, { seconds: Number }] } })
})
