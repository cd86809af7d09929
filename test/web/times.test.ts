import t from 'tap'
import { momentOf, offsetOf } from '../../web/src/parts/times.ts'

const minute = 60_000

t.test('a moment is written as ISO 8601 writes it, in the zone of the machine, also when its clock is changed', (t) => {
  const before = process.env.TZ
  t.teardown(() => {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  })
  for (const zone of ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/St_Johns', 'Pacific/Chatham']) {
    process.env.TZ = zone
    // Swedish writes dates so, too.
    const format = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: zone })
    for (const start of ['2026-03-29T00:00:00Z', '2026-10-24T23:00:00Z', '2026-12-31T22:00:00Z']) {
      for (let n = 0; n < 40; n++) {
        const time = Date.parse(start) + n * 13 * minute + n * 1000
        t.equal(momentOf(time, 0), format.format(time), `${zone} ${start} ${n}`)
        t.equal(momentOf(time, time), format.format(time).split(' ')[1], 'on the same day without the date')
      }
    }
  }
  t.end()
})

t.test('how far a clock is from UTC is said with its sign and both digits', (t) => {
  const before = process.env.TZ
  t.teardown(() => {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  })
  const at = Date.parse('2026-07-01T12:00:00Z')
  for (const [zone, offset] of [['UTC', 'UTC+00:00'], ['Europe/Berlin', 'UTC+02:00'], ['Asia/Kolkata', 'UTC+05:30'], ['America/St_Johns', 'UTC-02:30'], ['America/Los_Angeles', 'UTC-07:00']] as const) {
    process.env.TZ = zone
    t.equal(offsetOf(at), offset, zone)
  }
  t.end()
})
