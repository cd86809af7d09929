/** How a table shows times: in the zone of the reader, which is said once, in the head of the column. */
export type TimeColumn = { head: (title: string) => string, cell: (time: string | Date | null) => string | null }

/** The zone of the reader: TZ, otherwise that of the machine. */
export function localZone (env: Readonly<Record<string, string | undefined>>): string {
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone
  if (!env.TZ) return own
  try {
    return new Intl.DateTimeFormat('en', { timeZone: env.TZ }).resolvedOptions().timeZone
  } catch {
    return own
  }
}

/** Times as this zone has them. In UTC they stay as the service writes them, because then the `Z` says the zone. */
export function timesIn (zone: string): TimeColumn {
  if (zone === 'UTC' || zone === 'Etc/UTC') return { head: (title) => title, cell: (time) => time === null ? null : asIso(time) }
  // Swedish writes dates as ISO 8601 does.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  return { head: (title) => `${title} (${zone})`, cell: (time) => time === null ? null : format.format(new Date(time)) }
}

function asIso (time: string | Date): string {
  return typeof time === 'string' ? time : time.toISOString()
}

/** A time that a person wrote, as RFC 3339: with an offset, or without one in the zone of the machine. Null if it is none. */
export function readTime (text: string): string | null {
  const [, date, time, offset] = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?\s*(Z|z|[+-]\d\d:?\d\d)?$/.exec(text.trim()) ?? []
  if (date === undefined) return null
  const clock = time === undefined ? '00:00:00' : time.length === 5 ? `${time}:00` : time
  const zone = offset === undefined ? '' : offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset.toUpperCase()
  const instant = new Date(`${date}T${clock}${zone}`)
  // JavaScript takes the 31st of a shorter month for the first of the next.
  const exists = !Number.isNaN(instant.getTime()) && new Date(`${date}T00:00:00Z`).toISOString().startsWith(date)
  return exists ? instant.toISOString() : null
}
