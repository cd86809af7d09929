/** Callers that are told apart within a minute; those beyond share one count, so that made-up addresses cost no memory. */
const mostCallers = 10_000

/** Counts by whole minutes. `take` counts a request of `who` and tells how many seconds they must wait: 0 when it may go on. */
export function rateLimiter (perMinute: number, now: () => number = Date.now) {
  let minute = 0
  const counts = new Map<string, number>()
  return {
    perMinute,
    take (who: string): number {
      const time = now()
      const present = Math.floor(time / 60_000)
      if (present !== minute) counts.clear()
      minute = present
      const caller = counts.has(who) || counts.size < mostCallers ? who : ''
      const count = (counts.get(caller) ?? 0) + 1
      counts.set(caller, count)
      return count > perMinute ? Math.ceil(((minute + 1) * 60_000 - time) / 1000) : 0
    }
  }
}
