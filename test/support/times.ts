/** A time on a day in the past, this many seconds after 09:15 UTC. */
export function at (seconds: number): string {
  return new Date(Date.UTC(2024, 2, 4, 9, 15, 0) + seconds * 1000).toISOString()
}
