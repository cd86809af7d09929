// Times of the old database are texts in UTC. The old system converted them from the local times of the orchestrator, which it
// interpreted as times of Berlin. In the hour that the clock shows twice in autumn, it used the second occurrence.

export const oldZone = 'Europe/Berlin'

const shape = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d(?::?\d\d)?)?$/
const hour = 3_600_000
const earliest = Date.UTC(1970, 0, 1)
const latest = Date.UTC(3000, 0, 1) - 1

/** Parses a time of the old database to milliseconds since 1970; null if it is not a time in the years 1970 to 2999. */
export function readOldTime (text: string): number | null {
  const [, day, time, fraction = '', offset = 'Z'] = shape.exec(text) ?? []
  if (day === undefined) return null
  const zone = offset.length === 3 ? `${offset}:00` : offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset
  const at = Date.parse(`${day}T${time}${fraction.slice(0, 4)}${zone}`)
  // Some engines parse a nonexistent day (30 February) as a later day.
  return at >= earliest && at <= latest && (zone !== 'Z' || new Date(at).toISOString().startsWith(day)) ? at : null
}

/** Corrects a time (ms since 1970) that was interpreted as a time of Berlin, but was a local time in `zone`. */
export function reinterpretIn (zone: string, at: number): number {
  if (zone === oldZone) return at
  const wall = at + offsetOf(oldZone, at)
  const guess = wall - offsetOf(zone, wall)
  return wall - offsetOf(zone, guess)
}

/** Whether a time (ms since 1970) is in the hour that the clock in Berlin shows twice, so that it may be an hour earlier. */
export function isAmbiguous (at: number): boolean {
  // summer time ends in October, and until 1995 in September
  const month = new Date(at).getUTCMonth()
  return (month === 9 || month === 8) && offsetOf(oldZone, at) < offsetOf(oldZone, at - hour)
}

/** Whether this is the name of a time zone. */
export function isZone (name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const offsets = new Map<string, number>()
const formats = new Map<string, Intl.DateTimeFormat>()
const quarterHourMs = 900_000

/** The offset of a zone from UTC in milliseconds. Cached per quarter of an hour, because offsets change only at quarter hours. */
function offsetOf (zone: string, at: number): number {
  const begin = Math.floor(at / quarterHourMs) * quarterHourMs
  const key = `${zone} ${begin}`
  let offset = offsets.get(key)
  if (offset === undefined) offsets.set(key, offset = computeOffset(zone, begin))
  return offset
}

function computeOffset (zone: string, at: number): number {
  let format = formats.get(zone)
  if (format === undefined) {
    formats.set(zone, format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric'
    }))
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  return Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second) - at
}
