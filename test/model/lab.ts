// A simple model of the tracked lab, written from the contract and not from the code of the service. Commands return 'ok' or a
// problem code, and change the lab only if it is 'ok'.

export type Spot = { device: string, position: number }
export type Target = { device: string, position: number | undefined }
export type Plate = { barcode: string, at: Spot, lidded: boolean, lid: Spot | null }
export type Promised = { id: string, purpose: 'container' | 'lid', slots: Spot[] }
export type World = { devices: Map<string, number>, plates: Map<string, Plate>, promises: Map<string, Promised> }
type Part = 'container' | 'lid'
type Found = { spot: Spot } | { code: string }

export function aWorld (devices: Record<string, number>): World {
  return { devices: new Map(Object.entries(devices)), plates: new Map(), promises: new Map() }
}

export const isAt = (one: Spot | null, other: Spot | null): boolean => one !== null && other !== null && one.device === other.device && one.position === other.position

export function occupantOf ({ plates }: World, spot: Spot): { plate: Plate, part: Part } | null {
  for (const plate of plates.values()) {
    if (isAt(plate.at, spot)) return { plate, part: 'container' }
    if (isAt(plate.lid, spot)) return { plate, part: 'lid' }
  }
  return null
}

const promiseOf = ({ promises }: World, spot: Spot): Promised | null => [...promises.values()].find(({ slots }) => slots.some((slot) => isAt(slot, spot))) ?? null

export function slotsOf ({ devices }: World, device: string): Spot[] {
  return Array.from({ length: devices.get(device) ?? 0 }, (_, position) => ({ device, position }))
}

function useUp ({ promises }: World, spot: Spot): void {
  for (const [id, promised] of promises) {
    promised.slots = promised.slots.filter((slot) => !isAt(slot, spot))
    if (promised.slots.length === 0) promises.delete(id)
  }
}

/** The slot where a part of a plate ends up. `leaves` is the slot that the other part leaves, `taken` the one where it ends up. */
function placeFor (world: World, part: Part, self: Plate | null, { device, position }: Target, reservation: string | undefined, leaves: Spot | null = null, taken: Spot | null = null): Found {
  const own = (spot: Spot): boolean => isAt(part === 'container' ? self?.at ?? null : self?.lid ?? null, spot)
  const free = (spot: Spot): boolean => (occupantOf(world, spot) === null || isAt(spot, leaves)) && !isAt(spot, taken)
  if (reservation !== undefined && !world.promises.has(reservation)) return { code: 'reservation-not-found' }
  if (!world.devices.has(device)) return { code: 'device-not-found' }
  if (position === undefined) {
    const spot = slotsOf(world, device).find((slot) => free(slot) && promiseOf(world, slot)?.id === reservation)
    if (spot === undefined) return { code: reservation === undefined ? 'no-free-position' : 'reservation-mismatch' }
    if (reservation !== undefined && promiseOf(world, spot)!.purpose !== part) return { code: 'reservation-mismatch' }
    return { spot }
  }
  const spot = { device, position }
  if (position >= world.devices.get(device)!) return { code: 'position-not-found' }
  if (own(spot)) return { spot }
  if (!free(spot)) return { code: 'position-occupied' }
  const promised = promiseOf(world, spot)
  if (promised === null && reservation === undefined) return { spot }
  if (promised !== null && promised.id === reservation && promised.purpose === part) return { spot }
  return { code: reservation === undefined ? 'position-reserved' : 'reservation-mismatch' }
}

function exists (world: World, { device, position }: Target): string | null {
  if (!world.devices.has(device)) return 'device-not-found'
  return position !== undefined && position >= world.devices.get(device)! ? 'position-not-found' : null
}

const differs = (spot: Spot, { device, position }: Target): boolean => spot.device !== device || (position !== undefined && spot.position !== position)

function settle (world: World, spot: Spot, was: Spot | null): void {
  if (!isAt(spot, was)) useUp(world, spot)
}

export function add (world: World, plate: { barcode: string, lidded: boolean, at: Target, lid?: Target, reservation?: string, adopt?: boolean }): string {
  const { plates } = world
  const found = placeFor(world, 'container', null, plate.at, plate.reservation)
  if (plate.adopt && plate.at.position !== undefined && exists(world, plate.at) === null && (plate.reservation === undefined || world.promises.has(plate.reservation))) {
    if (occupantOf(world, plate.at as Spot)?.part === 'container') return 'ok'
  }
  // A slot that the request or its reservation chose is checked after the barcode.
  const chosen = plate.at.position !== undefined || slotsOf(world, plate.at.device).some((spot) => occupantOf(world, spot) === null && promiseOf(world, spot)?.id === plate.reservation)
  if ('code' in found && !['position-occupied', 'position-reserved'].includes(found.code) && !(found.code === 'reservation-mismatch' && chosen)) return found.code
  if (plates.has(plate.barcode)) return 'barcode-in-use'
  if ('code' in found) return found.code
  const added: Plate = { barcode: plate.barcode, at: found.spot, lidded: plate.lidded, lid: null }
  if (plate.lid) {
    // The body is already placed when a slot for the lid is searched.
    plates.set(plate.barcode, added)
    const lid = placeFor(world, 'lid', added, plate.lid, undefined)
    plates.delete(plate.barcode)
    if ('code' in lid) return lid.code
    added.lid = lid.spot
    useUp(world, lid.spot)
  }
  plates.set(plate.barcode, added)
  useUp(world, found.spot)
  return 'ok'
}

export function move (world: World, barcode: string, { source, target, reservation }: { source?: Target, target: Target, reservation?: string }): string {
  const plate = world.plates.get(barcode)
  if (plate === undefined) return 'container-not-found'
  if (source) {
    const missing = exists(world, source)
    if (missing !== null) return missing
    if (differs(plate.at, source)) return 'source-mismatch'
  }
  const found = placeFor(world, 'container', plate, target, reservation)
  if ('code' in found) return found.code
  settle(world, found.spot, plate.at)
  plate.at = found.spot
  return 'ok'
}

export function moveFrom (world: World, source: Spot, target: Target, barcode?: string): string {
  const missing = exists(world, source)
  if (missing !== null) return missing
  const there = occupantOf(world, source)
  if (there === null) return 'source-empty'
  if (barcode !== undefined && there.plate.barcode !== barcode) return 'source-mismatch'
  const found = placeFor(world, there.part, there.plate, target, undefined)
  if ('code' in found) return found.code
  settle(world, found.spot, source)
  if (there.part === 'container') there.plate.at = found.spot
  else there.plate.lid = found.spot
  return 'ok'
}

export function unlid (world: World, barcode: string, target: Target, reservation?: string): string {
  const plate = world.plates.get(barcode)
  if (plate === undefined) return 'container-not-found'
  if (plate.lid !== null && !differs(plate.lid, target)) return 'ok'
  const found = placeFor(world, 'lid', plate, target, reservation)
  if ('code' in found) return found.code
  settle(world, found.spot, plate.lid)
  Object.assign(plate, { lidded: false, lid: found.spot })
  return 'ok'
}

export function lid (world: World, barcode: string, from?: Target): string {
  const plate = world.plates.get(barcode)
  if (plate === undefined) return 'container-not-found'
  if (plate.lidded) return 'ok'
  if (from) {
    const missing = exists(world, from)
    if (missing !== null) return missing
    if (plate.lid !== null && differs(plate.lid, from)) return 'lid-mismatch'
  }
  Object.assign(plate, { lidded: true, lid: null })
  return 'ok'
}

export function remove (world: World, barcode: string): string {
  return world.plates.delete(barcode) ? 'ok' : 'container-not-found'
}

export function rename (world: World, barcode: string, to: string): string {
  const plate = world.plates.get(barcode)
  if (plate === undefined) return 'container-not-found'
  if (to === barcode) return 'ok'
  if (world.plates.has(to)) return 'barcode-in-use'
  world.plates.delete(barcode)
  world.plates.set(to, Object.assign(plate, { barcode: to }))
  return 'ok'
}

export type Moved = { barcode: string, source?: Spot, target?: Target, lid?: { action: 'on' } | { action: 'off', to: Target }, reservation?: string }

export function transfer (world: World, { barcode, source, target, lid: wished, reservation }: Moved): string {
  const plate = world.plates.get(barcode)
  if (source) {
    const missing = exists(world, source)
    if (missing !== null) return missing
  }
  if (plate === undefined) return 'container-not-found'
  if (source && !isAt(plate.at, source)) return 'source-mismatch'
  let at = plate.at
  if (target) {
    const found = placeFor(world, 'container', plate, target, reservation, wished ? plate.lid : null)
    if ('code' in found) return found.code
    at = found.spot
  }
  let lidAt = wished?.action === 'on' ? null : plate.lid
  if (wished?.action === 'off') {
    const stays = wished.to.position === undefined && plate.lid?.device === wished.to.device && !isAt(plate.lid, at)
    if (!stays) {
      const found = placeFor(world, 'lid', plate, wished.to, undefined, isAt(at, plate.at) ? null : plate.at, at)
      if ('code' in found) return found.code
      lidAt = found.spot
    }
  }
  if (isAt(at, lidAt)) return 'position-occupied'
  settle(world, at, plate.at)
  if (lidAt !== null) settle(world, lidAt, plate.lid)
  Object.assign(plate, { at, lid: lidAt, lidded: wished === undefined ? plate.lidded : wished.action === 'on' })
  return 'ok'
}

/** What is in the way is taken away, when the correction says so. */
export function correct (world: World, barcode: string, at: Spot, displaces: boolean): string {
  const plate = world.plates.get(barcode)
  if (plate === undefined) return 'container-not-found'
  const missing = exists(world, at)
  if (missing !== null) return missing
  const there = occupantOf(world, at)
  if (there?.plate === plate && there.part === 'lid') return 'position-occupied'
  if (there !== null && there.plate !== plate) {
    if (!displaces) return 'position-occupied'
    if (there.part === 'lid') there.plate.lid = null
    else world.plates.delete(there.plate.barcode)
  }
  plate.at = at
  return 'ok'
}

export function resize (world: World, device: string, capacity: number): string {
  if (!world.devices.has(device)) return 'device-not-found'
  if (slotsOf(world, device).some((spot) => spot.position >= capacity && occupantOf(world, spot) !== null)) return 'slots-occupied'
  for (const spot of slotsOf(world, device)) if (spot.position >= capacity) useUp(world, spot)
  world.devices.set(device, capacity)
  return 'ok'
}

export function reserve (world: World, id: string, { device, purpose, count, last }: { device: string, purpose: Part, count: number, last: boolean }): string {
  if (!world.devices.has(device)) return 'device-not-found'
  const free = slotsOf(world, device).filter((spot) => occupantOf(world, spot) === null && promiseOf(world, spot) === null)
  if (last) free.reverse()
  if (free.length < count) return 'no-free-position'
  world.promises.set(id, { id, purpose, slots: free.slice(0, count) })
  return 'ok'
}

export function release (world: World, id: string): string {
  return world.promises.delete(id) ? 'ok' : 'reservation-not-found'
}
