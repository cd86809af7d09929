import t from 'tap'
import { momentOf } from '../../web/src/parts/times.ts'

const minute = 60_000

t.test('a moment is written in the zone of the machine, also when summer time begins or ends', (t) => {
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
