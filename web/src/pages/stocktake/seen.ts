import type { StocktakeItem, StocktakeResult, StocktakeSlot } from '../../api/generated/schema.d.ts'
import { keptSlots } from '../../lab/waste.ts'
import type { Device, World } from '../../lab/world.ts'
import { labelOf, placeText } from '../../parts/name.tsx'
import { placeOf } from '../../parts/place-label.ts'

/** What somebody saw, by slot: slots that are not in it count as empty. A barcode that cannot be read is null. */
export type Seen = ReadonlyMap<number, StocktakeSlot>

export type Lids = 'not looked' | 'on' | 'off'

export const lidChoices: readonly Lids[] = ['not looked', 'on', 'off']

/** A scan for a slot. A plate stands in one place: seen again, it is where it was seen last. */
export function withSeen (seen: Seen, position: number, barcode: string | null, lids: Lids): Seen {
  const others = [...seen].filter(([slot, one]) => slot !== position && (barcode === null || one.barcode !== barcode))
  return new Map([...others, [position, { position, barcode, ...lids === 'not looked' ? {} : { lidded: lids === 'on' } }]])
}

export function withoutSeen (seen: Seen, position: number): Seen {
  return new Map([...seen].filter(([slot]) => slot !== position))
}

/** The first slot after this one of which nobody has said anything yet, and in which something can stand. Without one, the next; this one at the end of the device. */
export function slotAfter (seen: Seen, position: number, device: Pick<Device, 'positions' | 'waste'>): number {
  const later = keptSlots(device).filter((slot) => slot > position)
  return later.find((slot) => !seen.has(slot)) ?? later[0] ?? Math.max(position, 0)
}

/** The number of the slot whose label was scanned: "Hotel1 5". */
export function slotOf (scanned: string, device: Device): number | null {
  return placeOf(scanned, { devices: new Map([[device.name, device]]) })?.position ?? null
}

/** At once, what a scan means for what the page knows. The service decides when it is compared. */
export function wordOf (world: World, device: string, position: number, barcode: string | null): { word: string, isGood: boolean } {
  const tracked = world.devices.get(device)?.slots.get(position)
  if (barcode === null) return { word: 'cannot be read', isGood: false }
  if (tracked?.part === 'container' && tracked.container.barcode === barcode) return { word: 'match ✓', isGood: true }
  const other = [...world.placed.values()].find((one) => one.barcode === barcode)
  return other === undefined ? { word: 'unknown, or missing', isGood: false } : { word: `elsewhere: tracked at ${placeText(other)}`, isGood: false }
}

export function trackedText ({ slots }: Device, position: number): string {
  const occupant = slots.get(position)
  return occupant === undefined ? 'empty' : `${occupant.part === 'lid' ? 'lid of ' : ''}${labelOf(occupant.container)}`
}

/** What a finding means, and what becomes of it. */
export function meaningOf ({ position, finding, container, tracked, seen, relabelled = [] }: StocktakeItem, { findings }: Pick<StocktakeResult, 'findings'>): string {
  const isRefused = findings.some((one) => seen !== null && (one.code === 'barcode-replaced' ? one.barcode === seen.barcode : one.position === position))
  switch (finding) {
    case 'match': return 'as tracked ✓'
    case 'elsewhere': return `${tracked === null ? 'was missing' : `tracked at ${placeText(tracked)}`}, ${isRefused ? 'cannot be here' : 'will be here'}`
    case 'unknown': return isRefused ? relabelled.length > 0 ? 'a former label, see below' : 'nobody knows it yet, and it cannot be here'
      : container === null ? 'nobody knows it yet, will be added' : 'the plate that is tracked here gets this barcode'
    case 'missing': return 'tracked here and not seen, will be missing'
    case 'unexpected': return `a plate that cannot be read, where none is tracked, ${isRefused ? 'and it cannot be here' : 'will be added'}`
    case 'lid': return 'a lid is tracked here without a plate, and stays'
  }
}
