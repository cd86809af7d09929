import type { FoundItem } from '../../api/generated/schema.d.ts'
import type { Placed, World } from '../../lab/world.ts'

const most = 100
/** Why something is meant and nothing else. */
const exactly: ReadonlySet<string> = new Set<FoundItem['why']>(['id', 'barcode', 'place'])

/** The page of something that was found. Null if nothing shows it. */
export function pageOf ({ kind, id, label, where, why, url }: FoundItem): string | null {
  switch (kind) {
    // Of a container that left, and of one with another barcode now, only the id says which one is meant.
    case 'container': return `/labware/${encodeURIComponent(where !== null && (why === 'barcode' || why === 'barcode-prefix') ? label : id!)}`
    case 'device': return `/devices/${encodeURIComponent(label)}`
    case 'position': return where === null ? null : `/devices/${encodeURIComponent(where.device)}/${where.position}`
    case 'experiment': return `/runs/${id}`
    case 'step': return `/steps/${id}`
    case 'process': return null
    // The call that reads it names the revision before it.
    case 'revision': return `/?at=${Number(/\d+$/.exec(url)?.[0]) + 1}`
  }
}

/** Where a scan leads without a question: one thing has exactly this barcode, id or place. In a slot, what stands there. */
export function exactPage (items: readonly FoundItem[]): string | null {
  // A removed container does not hide one on the platform that had its barcode before: somebody may hold either.
  const isInDoubt = items.some(({ why, removed_at }) => why === 'former-barcode' && removed_at === null)
  const exact = items.filter(({ why, removed_at }) => exactly.has(why) && !(isInDoubt && why === 'barcode' && removed_at !== null))
  const containers = exact.filter(({ kind }) => kind === 'container')
  const meant = containers.length > 0 ? containers : exact
  return meant.length === 1 ? pageOf(meant[0]!) : null
}

/** What on the platform has the text somewhere in its barcode or name. The search of the service knows only how they begin. */
export function partlyIn ({ placed }: World, query: string, items: readonly FoundItem[]): Placed[] {
  const wanted = query.toLocaleLowerCase()
  const known = new Set(items.map(({ id }) => id))
  const has = (text: string | null): boolean => text?.toLocaleLowerCase().includes(wanted) === true
  return [...placed.values()].filter(({ id, barcode, name }) => !known.has(id) && (has(barcode) || has(name))).slice(0, most)
}
