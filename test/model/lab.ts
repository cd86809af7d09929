// A simple model of the tracked lab, written from the contract and not from the code of the service. Commands return 'ok' or a
// problem code, and change the lab only if it is 'ok'.

export type Spot = { device: string, position: number }
export type Target = { device: string, position: number | undefined }
/** A plate whose `at` is null is missing; `last` is where it was. */
export type Plate = { barcode: string, at: Spot | null, last: Spot | null, lidded: boolean, lid: Spot | null }
export type Reservation = { id: string, purpose: 'container' | 'lid', slots: Spot[] }
export type Lab = { devices: Map<string, number>, plates: Map<string, Plate>, reservations: Map<string, Reservation> }
type Part = 'container' | 'lid'
type Found = { spot: Spot } | { code: string }

export function aModelLab (devices: Record<string, number>): Lab {
  return { devices: new Map(Object.entries(devices)), plates: new Map(), reservations: new Map() }
}

export const isAt = (one: Spot | null, other: Spot | null): boolean => one !== null && other !== null && one.device === other.device && one.position === other.position

export function occupantOf ({ plates }: Lab, spot: Spot): { plate: Plate, part: Part } | null {
  for (const plate of plates.values()) {
    if (isAt(plate.at, spot)) return { plate, part: 'container' }
    if (isAt(plate.lid, spot)) return { plate, part: 'lid' }
  }
  return null
}

const reservationOf = ({ reservations }: Lab, spot: Spot): Reservation | null => [...reservations.values()].find(({ slots }) => slots.some((slot) => isAt(slot, spot))) ?? null

export function slotsOf ({ devices }: Lab, device: string): Spot[] {
  return Array.from({ length: devices.get(device) ?? 0 }, (_, position) => ({ device, position }))
}

function consumeReservation ({ reservations }: Lab, spot: Spot): void {
  for (const [id, reserved] of reservations) {
    reserved.slots = reserved.slots.filter((slot) => !isAt(slot, spot))
    if (reserved.slots.length === 0) reservations.delete(id)
  }
}

/** The slot where a part of a plate ends up. `leaves` is the slot that the other part leaves, `taken` the one where it ends up. */
function placeFor (lab: Lab, part: Part, self: Plate | null, { device, position }: Target, reservation: string | undefined, leaves: Spot | null = null, taken: Spot | null = null): Found {
  const own = (spot: Spot): boolean => isAt(part === 'container' ? self?.at ?? null : self?.lid ?? null, spot)
  const free = (spot: Spot): boolean => (occupantOf(lab, spot) === null || isAt(spot, leaves)) && !isAt(spot, taken)
  if (reservation !== undefined && !lab.reservations.has(reservation)) return { code: 'reservation-not-found' }
  if (!lab.devices.has(device)) return { code: 'device-not-found' }
  if (position === undefined) {
    const spot = slotsOf(lab, device).find((slot) => free(slot) && reservationOf(lab, slot)?.id === reservation)
    if (spot === undefined) return { code: reservation === undefined ? 'no-free-position' : 'reservation-mismatch' }
    if (reservation !== undefined && reservationOf(lab, spot)!.purpose !== part) return { code: 'reservation-mismatch' }
    return { spot }
  }
  const spot = { device, position }
  if (position >= lab.devices.get(device)!) return { code: 'position-not-found' }
  if (own(spot)) return { spot }
  if (!free(spot)) return { code: 'position-occupied' }
  const reserved = reservationOf(lab, spot)
  if (reserved === null && reservation === undefined) return { spot }
  if (reserved !== null && reserved.id === reservation && reserved.purpose === part) return { spot }
  return { code: reservation === undefined ? 'position-reserved' : 'reservation-mismatch' }
}

function exists (lab: Lab, { device, position }: Target): string | null {
  if (!lab.devices.has(device)) return 'device-not-found'
  return position !== undefined && position >= lab.devices.get(device)! ? 'position-not-found' : null
}

const differs = (spot: Spot | null, { device, position }: Target): boolean => spot === null || spot.device !== device || (position !== undefined && spot.position !== position)

function consumeIfMoved (lab: Lab, spot: Spot | null, was: Spot | null): void {
  if (spot !== null && !isAt(spot, was)) consumeReservation(lab, spot)
}

export function add (lab: Lab, plate: { barcode: string, lidded: boolean, at: Target, lid?: Target, reservation?: string, adopt?: boolean }): string {
  const { plates } = lab
  const found = placeFor(lab, 'container', null, plate.at, plate.reservation)
  if (plate.adopt && plate.at.position !== undefined && exists(lab, plate.at) === null && (plate.reservation === undefined || lab.reservations.has(plate.reservation))) {
    if (occupantOf(lab, plate.at as Spot)?.part === 'container') return 'ok'
  }
  // A slot that the request or its reservation chose is checked after the barcode.
  const chosen = plate.at.position !== undefined || slotsOf(lab, plate.at.device).some((spot) => occupantOf(lab, spot) === null && reservationOf(lab, spot)?.id === plate.reservation)
  if ('code' in found && !['position-occupied', 'position-reserved'].includes(found.code) && !(found.code === 'reservation-mismatch' && chosen)) return found.code
  if (plates.has(plate.barcode)) return 'barcode-in-use'
  if ('code' in found) return found.code
  const added: Plate = { barcode: plate.barcode, at: found.spot, last: null, lidded: plate.lidded, lid: null }
  if (plate.lid) {
    // The body is already placed when a slot for the lid is searched.
    plates.set(plate.barcode, added)
    const lid = placeFor(lab, 'lid', added, plate.lid, undefined)
    plates.delete(plate.barcode)
    if ('code' in lid) return lid.code
    added.lid = lid.spot
    consumeReservation(lab, lid.spot)
  }
  plates.set(plate.barcode, added)
  consumeReservation(lab, found.spot)
  return 'ok'
}

export function move (lab: Lab, barcode: string, { source, target, reservation }: { source?: Target, target: Target, reservation?: string }): string {
  const plate = lab.plates.get(barcode)
  if (plate === undefined) return 'container-not-found'
  if (source) {
    const missing = exists(lab, source)
    if (missing !== null) return missing
    if (differs(plate.at, source)) return 'source-mismatch'
  }
  const found = placeFor(lab, 'container', plate, target, reservation)
  if ('code' in found) return found.code
  consumeIfMoved(lab, found.spot, plate.at)
  Object.assign(plate, { at: found.spot, last: null })
  return 'ok'
}

export function moveFrom (lab: Lab, source: Spot, target: Target, barcode?: string): string {
  const missing = exists(lab, source)
  if (missing !== null) return missing
  const there = occupantOf(lab, source)
  if (there === null) return 'source-empty'
  if (barcode !== undefined && there.plate.barcode !== barcode) return 'source-mismatch'
  const found = placeFor(lab, there.part, there.plate, target, undefined)
  if ('code' in found) return found.code
  consumeIfMoved(lab, found.spot, source)
  if (there.part === 'container') there.plate.at = found.spot
  else there.plate.lid = found.spot
  return 'ok'
}

export function unlid (lab: Lab, barcode: string, target: Target, reservation?: string): string {
  const plate = lab.plates.get(barcode)
  if (plate === undefined) return 'container-not-found'
  if (plate.lid !== null && !differs(plate.lid, target)) return 'ok'
  const found = placeFor(lab, 'lid', plate, target, reservation)
  if ('code' in found) return found.code
  consumeIfMoved(lab, found.spot, plate.lid)
  Object.assign(plate, { lidded: false, lid: found.spot })
  return 'ok'
}

export function lid (lab: Lab, barcode: string, from?: Target): string {
  const plate = lab.plates.get(barcode)
  if (plate === undefined) return 'container-not-found'
  if (plate.lidded) return 'ok'
  if (from) {
    const missing = exists(lab, from)
    if (missing !== null) return missing
    if (plate.lid !== null && differs(plate.lid, from)) return 'lid-mismatch'
  }
  Object.assign(plate, { lidded: true, lid: null })
  return 'ok'
}

export function remove (lab: Lab, barcode: string): string {
  return lab.plates.delete(barcode) ? 'ok' : 'container-not-found'
}

export function rename (lab: Lab, barcode: string, to: string): string {
  const plate = lab.plates.get(barcode)
  if (plate === undefined) return 'container-not-found'
  if (to === barcode) return 'ok'
  if (lab.plates.has(to)) return 'barcode-in-use'
  lab.plates.delete(barcode)
  lab.plates.set(to, Object.assign(plate, { barcode: to }))
  return 'ok'
}

/** `logged`: the transfer has a step that does not say from where it moved the plate. */
export type Moved = { barcode: string, logged?: boolean, source?: Spot, target?: Target, lid?: { action: 'on' } | { action: 'off', to: Target }, reservation?: string }

export function transfer (lab: Lab, { barcode, source, target, lid: wished, reservation, logged }: Moved): string {
  const plate = lab.plates.get(barcode)
  if (source) {
    const missing = exists(lab, source)
    if (missing !== null) return missing
  }
  if (plate === undefined) return 'container-not-found'
  if (source && !isAt(plate.at, source)) return 'source-mismatch'
  let at = plate.at
  if (target) {
    const found = placeFor(lab, 'container', plate, target, reservation, wished ? plate.lid : null)
    if ('code' in found) return found.code
    at = found.spot
    if (logged && plate.at === null) return 'source-mismatch'
  }
  let lidAt = wished?.action === 'on' ? null : plate.lid
  if (wished?.action === 'off') {
    const stays = wished.to.position === undefined && plate.lid?.device === wished.to.device && !isAt(plate.lid, at)
    if (!stays) {
      const found = placeFor(lab, 'lid', plate, wished.to, undefined, isAt(at, plate.at) ? null : plate.at, at)
      if ('code' in found) return found.code
      lidAt = found.spot
    }
  }
  if (isAt(at, lidAt)) return 'position-occupied'
  consumeIfMoved(lab, at, plate.at)
  if (lidAt !== null) consumeIfMoved(lab, lidAt, plate.lid)
  Object.assign(plate, { at, last: at === null ? plate.last : null, lid: lidAt, lidded: wished === undefined ? plate.lidded : wished.action === 'on' })
  return 'ok'
}

/** Removes what is in the way, if the correction says so. */
export function correct (lab: Lab, barcode: string, at: Spot, displaces: boolean): string {
  const plate = lab.plates.get(barcode)
  if (plate === undefined) return 'container-not-found'
  const missing = exists(lab, at)
  if (missing !== null) return missing
  const there = occupantOf(lab, at)
  if (there?.plate === plate && there.part === 'lid') return 'position-occupied'
  if (there !== null && there.plate !== plate) {
    if (!displaces) return 'position-occupied'
    if (there.part === 'lid') there.plate.lid = null
    else lab.plates.delete(there.plate.barcode)
  }
  Object.assign(plate, { at, last: null })
  return 'ok'
}

export type Arranged = { barcode: string, at: Spot, lidded?: boolean, lid?: Spot | null }

/** Judged by its end: the first entry that contradicts is the answer, and then nothing is done. */
export function arrange (lab: Lab, items: readonly Arranged[], missing: readonly string[]): string {
  const known = [...items.map(({ barcode }) => barcode), ...missing].filter((barcode) => lab.plates.has(barcode))
  if (new Set(known).size < known.length) return 'invalid-request'
  const faultOf = (barcode: string, item?: Arranged): string | null =>
    !lab.plates.has(barcode) ? 'container-not-found' : item === undefined ? null : exists(lab, item.at) ?? (item.lid ? exists(lab, item.lid) : null)
  const ends = new Map(items.filter((item) => faultOf(item.barcode, item) === null).map((item) => {
    const plate = lab.plates.get(item.barcode)!
    const lidded = item.lid ? false : item.lidded ?? plate.lidded
    const end: Pick<Plate, 'at' | 'last' | 'lidded' | 'lid'> = { at: item.at, last: null, lidded, lid: item.lid !== undefined ? item.lid : lidded ? null : plate.lid }
    return [item.barcode, end]
  }))
  for (const barcode of missing) {
    const plate = lab.plates.get(barcode)
    if (plate !== undefined) ends.set(barcode, { at: null, last: plate.at ?? plate.last, lidded: plate.lidded, lid: plate.lid })
  }
  // What nobody says anything about stays, and so does a lid that its entry does not park.
  const taken: Spot[] = [...lab.plates.values()].flatMap((plate) => {
    const end = ends.get(plate.barcode)
    const parks = items.some(({ barcode, lid }) => barcode === plate.barcode && lid)
    return (end === undefined ? [plate.at, plate.lid] : parks ? [] : [end.lid]).filter((spot) => spot !== null)
  })
  let fault: string | null = null
  for (const item of items) {
    let code = faultOf(item.barcode, item)
    if (code === null) {
      for (const spot of [item.at, item.lid].filter((one) => one !== undefined && one !== null)) {
        if (taken.some((one) => isAt(one, spot))) code = 'position-occupied'
        taken.push(spot)
      }
    }
    fault ??= code
  }
  fault ??= missing.some((barcode) => !lab.plates.has(barcode)) ? 'container-not-found' : null
  if (fault !== null) return fault
  for (const [barcode, end] of ends) Object.assign(lab.plates.get(barcode)!, end)
  return 'ok'
}

/** New labels for several plates at once. */
export function relabel (lab: Lab, labels: readonly (readonly [barcode: string, to: string])[]): string {
  if (new Set(labels.map(([, to]) => to)).size < labels.length) return 'invalid-request'
  const known = labels.map(([barcode]) => barcode).filter((barcode) => lab.plates.has(barcode))
  if (new Set(known).size < known.length) return 'invalid-request'
  for (const [barcode, to] of labels) {
    if (!lab.plates.has(barcode)) return 'container-not-found'
    if (lab.plates.has(to) && !labels.some(([other]) => other === to)) return 'barcode-in-use'
  }
  const plates = labels.map(([barcode, to]) => ({ plate: lab.plates.get(barcode)!, barcode, to }))
  for (const { barcode } of plates) lab.plates.delete(barcode)
  for (const { plate, to } of plates) lab.plates.set(to, Object.assign(plate, { barcode: to }))
  return 'ok'
}

export function resize (lab: Lab, device: string, capacity: number): string {
  if (!lab.devices.has(device)) return 'device-not-found'
  if (slotsOf(lab, device).some((spot) => spot.position >= capacity && occupantOf(lab, spot) !== null)) return 'slots-occupied'
  for (const spot of slotsOf(lab, device)) if (spot.position >= capacity) consumeReservation(lab, spot)
  lab.devices.set(device, capacity)
  return 'ok'
}

export function reserve (lab: Lab, id: string, { device, purpose, count, last }: { device: string, purpose: Part, count: number, last: boolean }): string {
  if (!lab.devices.has(device)) return 'device-not-found'
  const free = slotsOf(lab, device).filter((spot) => occupantOf(lab, spot) === null && reservationOf(lab, spot) === null)
  if (last) free.reverse()
  if (free.length < count) return 'no-free-position'
  lab.reservations.set(id, { id, purpose, slots: free.slice(0, count) })
  return 'ok'
}

export function release (lab: Lab, id: string): string {
  return lab.reservations.delete(id) ? 'ok' : 'reservation-not-found'
}
