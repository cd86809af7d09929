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

/** The time of a day with seconds, as 14:03:37; when it is another day than that of `now`, as 2026-11-30 14:03:37. In the zone of this machine. */
export function momentOf (time: number, now: number): string {
  const [day, clock] = partsOf(new Date(time))
  return day === partsOf(new Date(now))[0] ? clock : `${day} ${clock}`
}

// Not `Intl.DateTimeFormat`, which takes 20 to 35 ms when it is first used (`bench/README.md`): the clock is among the first things that a page draws.
function partsOf (at: Date): [day: string, clock: string] {
  const two = (part: number): string => String(part).padStart(2, '0')
  return [
    `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  ]
}

/** The time zone in which the page shows times. */
export function zoneName (): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}
