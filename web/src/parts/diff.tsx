import { Name } from './name.tsx'

type Snapshot = object | null

/** Members that say nothing to a person about what changed. */
const noise: ReadonlySet<string> = new Set(['id', 'version', 'created_at', 'updated_at'])

/** More changes than these are folded. */
const shown = 3

/** What changed between two snapshots of a thing, member by member. Of a thing that is new, what it is. */
export function Diff ({ before, after }: { before: Snapshot, after: Snapshot }) {
  const changes = changesOf(before, after)
  if (changes.length === 0) return <>–</>
  const items = changes.map(({ member, from, to }) => <li key={member}>{member}: {before === null ? null : <><Name>{from}</Name> → </>}<Name>{to}</Name></li>)
  const more = items.length - shown
  return (
    <>
      <ul className="diff">{items.slice(0, shown)}</ul>
      {more <= 0 ? null : <details><summary>{more} more</summary><ul className="diff">{items.slice(shown)}</ul></details>}
    </>
  )
}

/** The members that differ. Of a thing that is new or gone, only those that it has. */
export function changesOf (before: Snapshot, after: Snapshot): { member: string, from: string, to: string }[] {
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
  if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) return 'nothing'
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value)
  // Of counts, those that are not 0.
  const said = Object.entries(value).filter(([, part]) => part !== null && part !== 0)
  return said.length === 0 ? 'nothing' : said.map(([member, part]) => `${member} ${textOf(part)}`).join(', ')
}
