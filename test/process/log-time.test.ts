import fc from 'fast-check'
import t from 'tap'
import { logTimes } from '../../src/process/log-time.ts'

void t.test('the time of a log line is that of ISO 8601, whatever the clock said before', async (t) => {
  const times = fc.array(fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => date.getTime()), { minLength: 1 })
  const near = fc.tuple(fc.integer({ min: 0, max: 4e12 }), fc.array(fc.integer({ min: 0, max: 2500 }), { minLength: 1 })).map(([from, later]) => later.map((ms) => from + ms))
  fc.assert(fc.property(fc.oneof(times, near), (clock) => {
    const left = [...clock]
    const time = logTimes(() => left.shift()!)
    for (const at of clock) if (time() !== `,"time":"${new Date(at).toISOString()}"`) return false
    return true
  }))
  t.pass('of any times, and of times in one second')
})
