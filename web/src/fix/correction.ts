import type { Container, ContainerCorrection, Place } from '../api/generated/schema.d.ts'
import type { Occupant, World } from '../lab/world.ts'

/** What a person says about where a container is. */
export type Choice = {
  stands: 'tracked' | 'here'
  here: Partial<Place>
  lid: 'tracked' | 'on' | 'at' | 'unknown'
  lidAt: Partial<Place>
  /** What becomes of something else that is tracked in the slot. */
  displaced: 'away' | 'to'
  displacedTo: Partial<Place>
}

/** How to undo one part of a correction: what was tracked before of one container. */
export type Before = { id: string, barcode: string | null, place: Place | null, lidded: boolean, lid: Place | null }

export const firstChoice: Choice = { stands: 'tracked', here: {}, lid: 'tracked', lidAt: {}, displaced: 'away', displacedTo: {} }

/** Where the container is tracked; null while nobody knows where it is. */
export function trackedPlace ({ device, position }: Pick<Container, 'device' | 'position'>): Place | null {
  return device === null || position === null ? null : { device, position }
}

export function isPlace (place: Partial<Place>): place is Place {
  return place.device !== undefined && place.position !== undefined
}

/** Something else that is tracked where the container is said to stand; null if nothing is. */
export function occupantAt (world: World, place: Partial<Place>, id: string): Occupant | null {
  if (!isPlace(place)) return null
  const occupant = world.devices.get(place.device)?.slots.get(place.position)
  return occupant === undefined || (occupant.container.id === id && occupant.part === 'container') ? null : occupant
}

/** The request for a choice; what is missing to make one, as a sentence. */
export function correctionOf (choice: Choice, container: Container, occupant: Occupant | null, reason: string): ContainerCorrection | string {
  const place = choice.stands === 'here' ? choice.here : trackedPlace(container) ?? {}
  if (!isPlace(place)) return 'Choose the device and the slot where it stands.'
  if (choice.lid === 'at' && !isPlace(choice.lidAt)) return 'Choose the device and the slot of its lid.'
  if (reason.trim() === '') return 'Choose why.'
  if (occupant !== null && choice.displaced === 'to' && !isPlace(choice.displacedTo)) return 'Choose where the other one is put.'
  return {
    reason: reason.trim(), ...place,
    ...choice.lid === 'on' ? { lidded: true } : {},
    ...choice.lid === 'at' && isPlace(choice.lidAt) ? { lid: choice.lidAt } : {},
    ...choice.lid === 'unknown' ? { lidded: false, lid: null } : {},
    ...occupant === null ? {} : { displace: choice.displaced === 'away' || !isPlace(choice.displacedTo) ? 'remove' as const : choice.displacedTo }
  }
}

/** What was tracked of a container and of what had to make room, in the order in which to put it back. */
export function beforeOf (container: Container, occupant: Occupant | null): Before[] {
  const own = { id: container.id, barcode: container.barcode, place: trackedPlace(container), lidded: container.lidded, lid: container.lid }
  if (occupant === null || occupant.container.id === container.id) return [own]
  const { id, barcode, lidded, lid } = occupant.container
  return [own, { id, barcode, place: trackedPlace(occupant.container), lidded, lid }]
}

/** The opposite correction. Null for a container of which nobody knew where it was: it becomes missing again. */
export function oppositeOf ({ barcode, place, lidded, lid }: Before, reason: string): ContainerCorrection | null {
  return place === null ? null : { reason, barcode, ...place, ...lid === null ? { lidded, lid: null } : { lid } }
}
