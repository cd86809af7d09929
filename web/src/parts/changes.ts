type Snapshot = object | null

export type Change = { member: string, from: string, to: string }

/** Members that say nothing to a person about what changed. */
const noise: ReadonlySet<string> = new Set(['id', 'version', 'created_at', 'updated_at'])

/** The members that differ. Of a thing that is new or gone, only those that it has. */
export function changesOf (before: Snapshot, after: Snapshot): Change[] {
  const [old, now] = [membersOf(before), membersOf(after)]
  return [...new Set([...old.keys(), ...now.keys()])].filter((member) => !noise.has(member)).flatMap((member) => {
    const [from, to] = [textOf(old.get(member)), textOf(now.get(member))]
    return from === to ? [] : [{ member, from, to }]
  })
}

function membersOf (snapshot: Snapshot): Map<string, unknown> {
  return new Map(Object.entries(snapshot ?? {}))
}

function textOf (value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (typeof value === 'string') return value
  if (typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return value.length === 0 ? 'nothing' : value.map(textOf).join(value.some((one) => typeof one === 'object') ? '; ' : ', ')
  const members = Object.entries(value)
  // Of counts, those that are not 0. Of a place, also slot 0.
  const isCounts = members.every(([, part]) => typeof part === 'number')
  // What has a name is known by it.
  const said = members.filter(([member, part]) => part !== null && !(isCounts && part === 0) && !(member === 'id' && 'name' in value))
  return said.length === 0 ? 'nothing' : said.map(([member, part]) => `${member} ${textOf(part)}`).join(', ')
}

/** A time as the service writes it. Nobody labels a plate so. */
const times = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)/

/** A text of a change, part by part: times are shown as everywhere on the page. */
export function withTimes (text: string): { text: string, isTime: boolean }[] {
  return text.split(times).map((part, n) => ({ text: part, isTime: n % 2 === 1 })).filter((part) => part.text !== '')
}
