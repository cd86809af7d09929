import { toUtc } from './step-times.ts'

/** A range whose end is before its beginning. `member` is its end. */
export type RangeFault = { member: string, detail: string }

/** The ranges of some members: those that end in `_after` and have one that ends in `_before`. */
export function rangesIn (names: readonly string[]): { after: string, before: string }[] {
  return names.filter((name) => name.endsWith('_after')).map((after) => ({ after, before: after.replace(/after$/, 'before') })).filter(({ before }) => names.includes(before))
}

/** Ranges that nothing can be in, because they end before they begin. */
export function rangeFaults (members: Readonly<Record<string, unknown>>, ranges = rangesIn(Object.keys(members))): RangeFault[] {
  return ranges.flatMap(({ after, before }) => {
    const [begin, end] = [members[after], members[before]]
    if (typeof begin !== 'string' || typeof end !== 'string' || Date.parse(toUtc(begin)) <= Date.parse(toUtc(end))) return []
    return [{ member: before, detail: `must not be before \`${after}\`` }]
  })
}
