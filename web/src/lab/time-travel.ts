export type Revision = { revision: number, time: number, kinds: string[] }

/** The place of a moment among revisions, oldest first: the last revision that is not after it. Null if it is before all of them. */
export function indexAt (revisions: readonly Revision[], at: string): number | null {
  const isRevision = /^\d+$/.test(at)
  const wanted = isRevision ? Number(at) : Date.parse(at)
  const index = revisions.findLastIndex(({ revision, time }) => (isRevision ? revision : time) <= wanted)
  return index === -1 ? null : index
}

/** Where a minute earlier or later is. */
export function indexAfter (revisions: readonly Revision[], index: number, milliseconds: number): number {
  const wanted = revisions[index]!.time + milliseconds
  if (milliseconds < 0) return Math.max(0, revisions.findLastIndex(({ time }) => time <= wanted))
  const later = revisions.findIndex(({ time }) => time >= wanted)
  return later === -1 ? revisions.length - 1 : later
}

const shortestMs = 500
const longestMs = 2000

/** How long to show a revision before the next one: as long as it really was, that many times faster. Nobody wants to wait through a quiet night. */
export function pauseBetween (revisions: readonly Revision[], index: number, next: number, speed: number): number {
  const real = Math.abs(revisions[next]!.time - revisions[index]!.time)
  return Math.min(longestMs, Math.max(shortestMs, real / speed))
}
