// Times of the old database: UTC, as text. The old system made them from the orchestrator's local times, which it took for
// times of Berlin; at the end of summer time, of the two passes of an hour, it took the second.

export const oldZone = 'Europe/Berlin'

const shape = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d(?::?\d\d)?)?$/
const hour = 3_600_000
const earliest = Date.UTC(1970, 0, 1)
const latest = Date.UTC(3000, 0, 1) - 1

/** Milliseconds since 1970 of a time as the old database writes it; null when it is none of the years 1970 to 2999. */
export function readOldTime (text: string): number | null {
  const [, day, time, fraction = '', offset = 'Z'] = shape.exec(text) ?? []
  if (day === undefined) return null
  const zone = offset.length === 3 ? `${offset}:00` : offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset
  const at = Date.parse(`${day}T${time}${fraction.slice(0, 4)}${zone}`)
  // a day that is not there (30 February) is read by some engines as the next that is
  return at >= earliest && at <= latest && (zone !== 'Z' || new Date(at).toISOString().startsWith(day)) ? at : null
}

/** A time that was taken for Berlin's, as it was meant where the orchestrator's clock stood. */
export function asMeantIn (zone: string, at: number): number {
  if (zone === oldZone) return at
  const wall = at + offsetOf(oldZone, at)
  const guess = wall - offsetOf(zone, wall)
  return wall - offsetOf(zone, guess)
}

/** Lies in the hour that the clock in Berlin shows twice, and may mean the hour before. */
export function isAmbiguous (at: number): boolean {
  // summer time ends in October, and until 1995 in September
  const month = new Date(at).getUTCMonth()
  return (month === 9 || month === 8) && offsetOf(oldZone, at) < offsetOf(oldZone, at - hour)
}

/** Knows the zone by this name of the tz database. */
export function isZone (name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const offsets = new Map<string, number>()
const formats = new Map<string, Intl.DateTimeFormat>()
const quarter = 900_000

/** What to add to UTC to get the zone's wall clock, in milliseconds. Zones change at quarters of hours. */
function offsetOf (zone: string, at: number): number {
  const begin = Math.floor(at / quarter) * quarter
  const key = `${zone} ${begin}`
  let offset = offsets.get(key)
  if (offset === undefined) offsets.set(key, offset = askOffset(zone, begin))
  return offset
}

function askOffset (zone: string, at: number): number {
  let format = formats.get(zone)
  if (format === undefined) {
    formats.set(zone, format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric'
    }))
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  return Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second) - at
}
