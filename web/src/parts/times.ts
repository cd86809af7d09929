/** Seconds as a clock shows them: 0:07, 3:15, 2:16:05. */
export function clockOf (seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, '0')]
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${String(minutes).padStart(2, '0')}:${rest}`
}

/** How long ago it was, in words: "just now", "3 min ago", "2 h ago", "5 days ago". */
export function agoOf (milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ago`
  return `${Math.floor(hours / 24)} days ago`
}

/** The time of a day with seconds, 24 hours; with the date when it is another day than that of `now`. */
export function momentOf (time: number, now: number): string {
  // Swedish writes dates as ISO 8601 does.
  const [day, clock] = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' }).format(time).split(' ')
  const [today] = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short' }).format(now).split(' ')
  return day === today ? clock! : `${day} ${clock}`
}

/** The time zone in which the page shows times. */
export function zoneName (): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}
