import t from 'tap'
import { prepareSteps } from '../../src/store/prepare-steps.ts'
import { aStep } from '../support/log.ts'

t.test('other requests are answered while a batch of steps is prepared', async (t) => {
  const inputs = Array.from({ length: 5000 }, (_, n) => aStep({ device: `Reader ${n % 7}`, name: `read ${n}`, data: { fct: 'read', wavelength: n } }))
  let turns = 0
  let going = true
  const next = (): void => {
    turns++
    if (going) setImmediate(next)
  }
  setImmediate(next)
  const { steps, devices } = await prepareSteps(inputs, true)
  going = false
  t.same([steps.length, devices.length], [5000, 7])
  t.same(steps.slice(0, 3).map(({ name }) => name), ['read 0', 'read 1', 'read 2'], 'in their order')
  t.ok(turns >= 5, `the event loop had ${turns} turns`)
})
