import t from 'tap'
import { aLab, type Service } from '../support/service.ts'
import { at } from '../support/times.ts'

// The section "Duration Estimation" of the documented workflows; each test is named after the heading that it follows.

const lab = { Hamilton_STAR: 15, PlateReader: 1, SecondReader: 1, Incubator: 20, RoboticArm: 1 }

const dispense = { name: 'Dispense', device: 'Hamilton_STAR', data: { fct: 'dispense', volume: 50 } }
const moveToReader = {
  kind: 'move', name: 'Move to Reader', device: 'RoboticArm', data: { fct: 'move' },
  origin: { device: 'Hamilton_STAR', position: 0 }, destination: { device: 'PlateReader', position: 0 }
}
const read = { name: 'Read', device: 'PlateReader', data: { fct: 'absorbance', wavelength: 450 } }

/** Logs the step once for each duration (seconds), with a minute between the starts. */
async function logged (service: Service, step: object, durations: readonly number[]): Promise<void> {
  const steps = durations.map((seconds, index) => ({ ...step, start: at(index * 60), finish: at(index * 60 + seconds) }))
  const answer = await service.post('/api/steps/batch', { steps })
  if (answer.status !== 201) throw new Error(answer.text)
}

async function estimated (service: Service, step: object, asked: object = {}) {
  return (await service.post('/api/estimates', { step, ...asked })).body
}

/** `count` numbers from `from` to `to`, at equal distances. */
function spread (count: number, from: number, to: number): number[] {
  return Array.from({ length: count }, (_, index) => from + (to - from) * index / (count - 1))
}

t.test('Estimating Single Step Duration', async (t) => {
  const service = await aLab(t, lab)
  const step = { name: 'Read Absorbance', device: 'PlateReader', data: { fct: 'absorbance', method: 'endpoint_570nm' } }

  t.match(await service.post('/api/estimates', { step, confidence: 0.95 }), {
    status: 200, body: { duration_seconds: null, method: 'none', sample_size: 0, confidence: 0.95 }
  }, 'no historical data available for this step')

  await logged(service, step, spread(25, 40, 44))
  const { body } = await service.post('/api/estimates', { step, confidence: 0.95 })
  t.match(body, { method: 'rank', level: 'parameters', sample_size: 25 })
  t.ok(body.duration_seconds >= body.median_seconds && body.duration_seconds <= 44, `${body.duration_seconds} s is what the reader took`)
  t.ok(body.confidence_attained >= 0.95)

  const bolder = await estimated(service, step, { confidence: 0.5 })
  t.ok(bolder.duration_seconds < body.duration_seconds, 'who asks for less confidence gets a shorter time')
})

t.test('Estimating Multiple Steps', async (t) => {
  const service = await aLab(t, lab)
  const steps = [dispense, moveToReader, read]

  const nothingKnown = await service.post('/api/estimates/batch', { steps, confidence: 0.95, total: true })
  t.equal(nothingKnown.status, 200)
  t.strictSame(nothingKnown.body.estimates.map(secondsOf), [null, null, null])
  t.match(nothingKnown.body.total, { sum_of_bounds_seconds: 0, unknown_steps: 3 })

  await logged(service, dispense, spread(20, 100, 110))
  await logged(service, read, spread(20, 300, 330))
  const { body } = await service.post('/api/estimates/batch', { steps, confidence: 0.95, total: true })
  const [first, second, third]: [number, number | null, number] = body.estimates.map(secondsOf)
  t.ok(first >= 100 && first <= 110, 'the answers are in the order of the questions')
  t.equal(second, null)
  t.ok(third >= 300 && third <= 330)
  t.match(body.total, { unknown_steps: 1 })
  t.ok(Math.abs(body.total.sum_of_bounds_seconds - (first + third)) < 0.01)

  await logged(service, moveToReader, spread(20, 10, 12))
  const all = (await service.post('/api/estimates/batch', { steps, confidence: 0.95, total: true })).body
  const sum = all.estimates.map(secondsOf).reduce((a: number, b: number) => a + b)
  t.ok(Math.abs(all.total.sum_of_bounds_seconds - sum) < 0.01)
  t.equal(all.total.unknown_steps, 0)
  t.ok(all.total.duration_seconds <= sum && all.total.duration_seconds >= all.total.median_seconds, 'not every step is late at once')
})

t.test('How Duration Estimation Works', async (t) => {
  const service = await aLab(t, lab)
  await logged(service, moveToReader, [10, 11, 14, 12])
  await logged(service, { ...moveToReader, destination: { device: 'Incubator', position: 5 } }, [30, 31])
  await logged(service, { device: 'PlateReader', data: { fct: 'absorbance', method: 'endpoint', wavelength: 450 } }, [40, 41])
  await logged(service, { device: 'PlateReader', data: { fct: 'absorbance', method: 'scan', wavelength: 450 } }, [90, 91])
  await logged(service, { device: 'Incubator', data: { fct: 'open_door' } }, [3])

  t.test('a movement matches those between the same devices, and can be told the maximum observed duration', async (t) => {
    t.match(await estimated(service, moveToReader, { statistic: 'max' }), { duration_seconds: 14, method: 'max', level: 'slots', sample_size: 4 })
    const elsewhereOnTheDeck = { ...moveToReader, origin: { device: 'Hamilton_STAR', position: 3 } }
    t.match(await estimated(service, elsewhereOnTheDeck, { statistic: 'max' }), { duration_seconds: 14, level: 'pair', sample_size: 4 })
    const devicesOnly = { ...moveToReader, origin: { device: 'Hamilton_STAR' }, destination: { device: 'PlateReader' } }
    t.match(await estimated(service, devicesOnly, { statistic: 'max' }), { duration_seconds: 14, level: 'pair', sample_size: 4 })
  })

  t.test('a movement from a device never left before matches those to the same device', async (t) => {
    const fromIncubator = { ...moveToReader, origin: { device: 'Incubator', position: 5 } }
    t.match(await estimated(service, fromIncubator, { statistic: 'max' }), { duration_seconds: 14, level: 'mover_destination' })
  })

  t.test('a movement to a device never reached before matches nothing', async (t) => {
    const toSecond = { ...moveToReader, destination: { device: 'SecondReader', position: 0 } }
    t.match(await estimated(service, toSecond), { duration_seconds: null, method: 'none', level: null })
  })

  t.test('a protocol matches those with the same method, whatever else differs', async (t) => {
    const other = { device: 'PlateReader', data: { fct: 'absorbance', method: 'scan', wavelength: 600 } }
    t.match(await estimated(service, other, { statistic: 'max' }), { duration_seconds: 91, level: 'device_protocol', sample_size: 2 })
    t.match(await estimated(service, { ...other, device: 'SecondReader' }, { statistic: 'max' }), { duration_seconds: 91, level: 'protocol', sample_size: 2 })
  })

  t.test('an arbitrary step matches those with the same function and parameters, then those with the same function', async (t) => {
    t.match(await estimated(service, { device: 'Incubator', data: { fct: 'open_door' } }, { statistic: 'max' }), { duration_seconds: 3, level: 'parameters' })
    const slowly = { device: 'Incubator', data: { fct: 'open_door', speed: 'slow' } }
    t.match(await estimated(service, slowly, { statistic: 'max' }), { duration_seconds: 3, level: 'device_function' })
    t.match(await estimated(service, { ...slowly, device: 'PlateReader' }, { statistic: 'max' }), { duration_seconds: 3, level: 'function' })
  })

  t.test('another function matches nothing', async (t) => {
    t.match(await estimated(service, { device: 'PlateReader', data: { fct: 'fluorescence' } }), { duration_seconds: null, method: 'none' })
  })
})

function secondsOf ({ duration_seconds }: { duration_seconds: number | null }): number | null {
  return duration_seconds
}
