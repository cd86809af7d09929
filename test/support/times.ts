/** A time on a day in the past, this many seconds after 09:15 UTC. */
export function at (seconds: number): string {
  return new Date(Date.UTC(2024, 2, 4, 9, 15, 0) + seconds * 1000).toISOString()
}

/** Start and finish of a step that ended so many seconds ago. Both come from one reading of the clock, so the step lasts exactly `seconds`. */
export function lasting (seconds: number, endedAgo: number): { start: string, finish: string } {
  const finish = Date.now() - endedAgo * 1000
  return { start: new Date(finish - seconds * 1000).toISOString(), finish: new Date(finish).toISOString() }
}
