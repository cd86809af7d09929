import type { Reserved } from '../api/generated/schema.d.ts'
import type { Device, Occupant } from '../lab/world.ts'
import { labelOf } from './name.tsx'

/** A row of slots of a device. */
export type RowProps = Pick<Device, 'slots' | 'waste'> & {
  row: readonly number[], device: string, reserved: ReadonlyMap<number, Reserved> | undefined
  /** The slot of this row on which Tab stops, and the one to which the page leads. */
  stop: number | null, meant: number | null
  /** What to add for the number on the device itself, if it is another. */
  countFrom: number | null
  /** Whether each slot has its number where there is no room for names. */
  hasNumbers: boolean
}

/** A row is drawn again only when something in it has changed: a lab can have 10,000 slots. */
export function isSameRow (before: RowProps, now: RowProps): boolean {
  return before.row === now.row && before.device === now.device && before.stop === now.stop && before.meant === now.meant &&
    before.countFrom === now.countFrom && before.hasNumbers === now.hasNumbers &&
    now.row.every((slot) => before.slots.get(slot) === now.slots.get(slot) && before.waste.has(slot) === now.waste.has(slot) &&
      before.reserved?.get(slot) === now.reserved?.get(slot))
}

/** A slot as it is drawn: its number, its sign and a word, and all of it in words. */
export type SlotCell = Sign & { number: string, occupant: Occupant | undefined }

export function cellOf (slot: number, { slots, device, reserved, waste, countFrom }: RowProps): SlotCell {
  const occupant = slots.get(slot)
  const { kind, glyph, word, says } = occupant === undefined ? emptySign(reserved?.get(slot), waste.has(slot)) : signOf(occupant, device)
  const label = countFrom === null ? null : slot + countFrom
  return {
    kind, glyph, word, occupant, number: label === null ? `${slot} ` : `${slot} · ${label} `,
    says: label === null ? `Slot ${slot}, ${says}` : `Slot ${slot}, labelled ${label}, ${says}`
  }
}

type Sign = { kind: string, glyph: string, word: string, says: string }

const free: Sign = { kind: 'is-empty', glyph: '·', word: '', says: 'empty' }
const disposing: Sign = { kind: 'is-waste', glyph: '▽', word: 'waste', says: 'waste' }

/** What a slot with nothing in it is. */
function emptySign (reserved: Reserved | undefined, isWaste: boolean): Sign {
  if (isWaste) return disposing
  return reserved === undefined ? free : { kind: 'is-kept', glyph: '╳', word: 'kept', says: `kept for ${reserved.owner}` }
}

function signOf ({ part, container }: Occupant, device: string): Sign {
  const name = labelOf(container)
  if (part === 'lid') return { kind: 'is-lid', glyph: '⌒', word: `lid of ${name}`, says: `lid of ${name}` }
  return { kind: 'is-plate', glyph: container.lidded ? '▣' : '□', word: name, says: `${name}, ${lidText(container, device)}` }
}

function lidText ({ lidded, lid }: Occupant['container'], device: string): string {
  if (lidded) return 'lid on'
  if (lid === null) return 'no lid'
  return lid.device === device ? `lid at slot ${lid.position}` : `lid at ${lid.device} ${lid.position}`
}
