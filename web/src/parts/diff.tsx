import { changesOf, withTimes } from './changes.ts'
import { Name } from './name.tsx'
import { Moment } from './time.tsx'

type Snapshot = object | null

/** More changes than these are folded. */
const shown = 3

/** What changed between two snapshots of a thing, member by member. Of a thing that is new, what it is. */
export function Diff ({ before, after }: { before: Snapshot, after: Snapshot }) {
  const changes = changesOf(before, after)
  if (changes.length === 0) return <>–</>
  const items = changes.map(({ member, from, to }) => (
    <li key={member}>{member}: {before === null ? null : <><Value text={from} /> → </>}<Value text={to} /></li>
  ))
  const more = items.length - shown
  return (
    <>
      <ul className="diff">{items.slice(0, shown)}</ul>
      {more <= 0 ? null : <details><summary>{more} more</summary><ul className="diff">{items.slice(shown)}</ul></details>}
    </>
  )
}

function Value ({ text }: { text: string }) {
  return <>{withTimes(text).map((part, n) => part.isTime ? <Moment key={n} at={part.text} /> : <Name key={n}>{part.text}</Name>)}</>
}
