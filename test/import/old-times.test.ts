import t from 'tap'
import { reinterpretIn, isAmbiguous, isZone, readOldTime } from '../../src/import/old-times.ts'

const iso = (at: number | null) => at === null ? null : new Date(at).toISOString()

t.test('times are read as either database writes them, in UTC unless they say otherwise', (t) => {
  t.equal(iso(readOldTime('2025-07-01 07:02:00')), '2025-07-01T07:02:00.000Z')
  t.equal(iso(readOldTime('2025-07-01 07:02:00.123987')), '2025-07-01T07:02:00.123Z', 'what is finer than a millisecond is cut off')
  t.equal(iso(readOldTime('2025-07-01 07:02:00.5+00')), '2025-07-01T07:02:00.500Z')
  t.equal(iso(readOldTime('2025-07-01T09:02:00+02:00')), '2025-07-01T07:02:00.000Z')
  t.equal(iso(readOldTime('2025-07-01T09:02:00+0200')), '2025-07-01T07:02:00.000Z')
  t.end()
})

t.test('what is no time of the years 1970 to 2999 is none', (t) => {
  for (const text of ['', 'None', '2025-13-01 00:00:00', '2025-02-30 00:00:00', '0025-12-01 00:00:00', '3000-01-01 00:00:00', '1969-12-31 23:59:59', '2025-01-01', '2025-01-01 25:00:00']) {
    t.equal(readOldTime(text), null, text)
  }
  t.end()
})

t.test('another zone than Berlin means the same hour on the wall there, in summer and in winter', (t) => {
  const meant = (text: string, zone: string) => iso(reinterpretIn(zone, readOldTime(text)!))
  t.equal(meant('2025-07-01 07:00:00', 'Europe/Berlin'), '2025-07-01T07:00:00.000Z')
  t.equal(meant('2025-07-01 07:00:00', 'America/New_York'), '2025-07-01T13:00:00.000Z', '9:00 there is 13:00 UTC')
  t.equal(meant('2025-01-01 08:00:00', 'UTC'), '2025-01-01T09:00:00.000Z')
  t.equal(meant('2025-01-01 08:00:00', 'Asia/Kolkata'), '2025-01-01T03:30:00.000Z')
  t.equal(meant('2025-03-30 00:30:00', 'America/New_York'), '2025-03-30T05:30:00.000Z', 'while only one of the two has summer time')
  t.end()
})

t.test('only the second pass of the hour that comes twice is ambiguous', (t) => {
  for (const [text, wanted] of [
    ['2025-10-26 00:59:59', false], ['2025-10-26 01:00:00', true], ['2025-10-26 01:59:59', true], ['2025-10-26 02:00:00', false], ['2025-03-30 01:30:00', false], ['1990-09-30 01:30:00', true]
  ] as const) t.equal(isAmbiguous(readOldTime(text)!), wanted, text)
  t.end()
})

t.test('zones are those of the tz database', (t) => {
  t.ok(isZone('America/New_York'))
  t.notOk(isZone('Mars/Olympus'))
  t.end()
})
