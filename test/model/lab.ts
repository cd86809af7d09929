// A simple model of the tracked lab, written from the contract and not from the code of the service. Commands return 'ok' or a
// problem code, and change the lab only if it is 'ok'.

import type { ModelSteps } from './steps.ts'

export type Spot = { device: string, position: number }
export type Target = { device: string, position: number | undefined }
/** `number` tells plates apart when labels change. A plate whose `at` is null is missing; `last` is where it was. */
export type Plate = { number: number, barcode: string, at: Spot | null, last: Spot | null, lidded: boolean, lid: Spot | null, type: string | null }
export type Reservation = { id: string, purpose: 'container' | 'lid', slots: Spot[] }
/** `waste` are the devices that dispose. `low` says of each slot ("Hotel 3") or device into which only low plates fit. */
export type Lab = {
  devices: Map<string, number>, plates: Map<string, Plate>, reservations: Map<string, Reservation>, added: number, past: Past[]
  waste: ReadonlySet<string>, low: ReadonlySet<string>, steps: ModelSteps
}
/** The lab as it was at a revision. */
export type Past = { revision: number, devices: Map<string, number>, plates: Plate[] }
type Part = 'container' | 'lid'
type Found = { spot: Spot } | { code: string }

/** The labware type that does not fit everywhere; all others do. */
export const high = 'High'

export function aModelLab (devices: Record<string, number>, { waste, low }: { waste: readonly string[], low: readonly string[] }): Lab {
  return { devices: new Map(Object.entries(devices)), plates: new Map(), reservations: new Map(), added: 0, past: [], waste: new Set(waste), low: new Set(low), steps: new Map() }
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

const fits = ({ low }: Lab, type: string | null, { device, position }: Spot): boolean => type !== high || !(low.has(device) || low.has(`${device} ${position}`))

function consumeReservation ({ reservations }: Lab, spot: Spot): void {
  for (const [id, reserved] of reservations) {
    reserved.slots = reserved.slots.filter((slot) => !isAt(slot, spot))
    if (reserved.slots.length === 0) reservations.delete(id)
  }
}

/** Whether what is put there is disposed of. */
const disposes = ({ waste }: Lab, { device }: Target, reservation?: string): boolean => reservation === undefined && waste.has(device)

/** The slot where a part of a plate ends up, if the device keeps it. `leaves` is the slot that the other part leaves, `taken` the one where it ends up. */
function placeFor (lab: Lab, part: Part, self: Plate | null, { device, position }: Target, reservation: string | undefined, leaves: Spot | null = null, taken: Spot | null = null, type = part === 'container' ? self?.type ?? null : null): Found {
  const own = (spot: Spot): boolean => isAt(part === 'container' ? self?.at ?? null : self?.lid ?? null, spot)
  const free = (spot: Spot): boolean => (occupantOf(lab, spot) === null || isAt(spot, leaves)) && !isAt(spot, taken)
  if (reservation !== undefined && !lab.reservations.has(reservation)) return { code: 'reservation-not-found' }
  if (!lab.devices.has(device)) return { code: 'device-not-found' }
  if (position === undefined) {
    const found = lab.waste.has(device) ? [] : slotsOf(lab, device).filter((slot) => free(slot) && reservationOf(lab, slot)?.id === reservation)
    const spot = found.find((slot) => fits(lab, type, slot))
    // A slot that the other part of the plate is only about to leave is told as occupied, and not as one where the plate does not fit.
    if (spot === undefined && found.some((slot) => !isAt(slot, leaves))) return { code: 'labware-does-not-fit' }
    if (spot === undefined) return { code: reservation === undefined ? 'no-free-position' : 'reservation-mismatch' }
    if (reservation !== undefined && reservationOf(lab, spot)!.purpose !== part) return { code: 'reservation-mismatch' }
    return { spot }
  }
  const spot = { device, position }
  if (position >= lab.devices.get(device)!) return { code: 'position-not-found' }
  if (lab.waste.has(device)) return { code: 'position-disposes' }
  if (own(spot)) return { spot }
  if (!free(spot)) return { code: 'position-occupied' }
  if (!fits(lab, type, spot)) return { code: 'labware-does-not-fit' }
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

export function add (lab: Lab, plate: { barcode: string, type: string | null, lidded: boolean, at: Target, lid?: Target, reservation?: string, adopt?: boolean }): string {
  const { plates } = lab
  const found = placeFor(lab, 'container', null, plate.at, plate.reservation, null, null, plate.type)
  if (plate.adopt && plate.at.position !== undefined && exists(lab, plate.at) === null && (plate.reservation === undefined || lab.reservations.has(plate.reservation))) {
    if (occupantOf(lab, plate.at as Spot)?.part === 'container') return 'ok'
  }
  // A slot that the request or its reservation chose is checked after the barcode.
  const chosen = plate.at.position !== undefined || slotsOf(lab, plate.at.device).some((spot) => occupantOf(lab, spot) === null && reservationOf(lab, spot)?.id === plate.reservation)
  if ('code' in found && !['position-occupied', 'position-reserved'].includes(found.code) && !(found.code === 'reservation-mismatch' && chosen) &&
    !(found.code === 'labware-does-not-fit' && plate.at.position !== undefined)) return found.code
  if (plates.has(plate.barcode)) return 'barcode-in-use'
  if ('code' in found) return found.code
  const added: Plate = { number: ++lab.added, barcode: plate.barcode, at: found.spot, last: null, lidded: plate.lidded, lid: null, type: plate.type }
  if (plate.lid) {
    // The body is already placed when a slot for the lid is searched.
    plates.set(plate.barcode, added)
    const lid = disposes(lab, plate.lid) ? { code: 'position-disposes' } : placeFor(lab, 'lid', added, plate.lid, undefined)
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
  if (disposes(lab, target, reservation)) {
    lab.plates.delete(barcode)
    return 'ok'
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
  if (disposes(lab, target)) {
    if (there.part === 'container') lab.plates.delete(there.plate.barcode)
    else Object.assign(there.plate, { lid: null, lidded: false })
    return 'ok'
  }
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
  if (disposes(lab, target, reservation)) {
    Object.assign(plate, { lidded: false, lid: null })
    return 'ok'
  }
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
  const isDisposed = target !== undefined && disposes(lab, target, reservation)
  let at: Spot | null = plate.at
  // A lid is on the platform only with its plate.
  if (isDisposed && wished?.action === 'off' && !disposes(lab, wished.to)) return 'position-disposes'
  if (isDisposed && logged && plate.at === null) return 'source-mismatch'
  if (isDisposed) at = null
  else if (target) {
    const found = placeFor(lab, 'container', plate, target, reservation, wished ? plate.lid : null)
    if ('code' in found) return found.code
    at = found.spot
    if (logged && plate.at === null) return 'source-mismatch'
  }
  let lidAt = wished?.action === 'on' ? null : plate.lid
  if (wished?.action === 'off' && disposes(lab, wished.to)) lidAt = null
  else if (wished?.action === 'off') {
    const stays = wished.to.position === undefined && plate.lid?.device === wished.to.device && !isAt(plate.lid, at)
    if (!stays) {
      const found = placeFor(lab, 'lid', plate, wished.to, undefined, isAt(at, plate.at) ? null : plate.at, at)
      if ('code' in found) return found.code
      lidAt = found.spot
    }
  }
  if (isAt(at, lidAt)) return 'position-occupied'
  if (isDisposed) {
    lab.plates.delete(barcode)
    return 'ok'
  }
  consumeIfMoved(lab, at, plate.at)
  if (lidAt !== null) consumeIfMoved(lab, lidAt, plate.lid)
  Object.assign(plate, { at, last: at === null ? plate.last : null, lid: lidAt, lidded: wished === undefined ? plate.lidded : wished.action === 'on' })
  return 'ok'
}

/** Removes what is in the way, if the correction says so. */
export function correct (lab: Lab, barcode: string, at: Spot, displaces: boolean): string {
  const plate = lab.plates.get(barcode)
  if (plate === undefined) return 'container-not-found'
  if (disposes(lab, at)) {
    lab.plates.delete(barcode)
    return 'ok'
  }
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

/** Why nothing can stand at a place, or null. */
const standsAt = (lab: Lab, at: Spot): string | null => exists(lab, at) ?? (lab.waste.has(at.device) ? 'position-disposes' : null)

/** Judged by its end: the first entry that contradicts is the answer, and then nothing is done. */
export function arrange (lab: Lab, items: readonly Arranged[], missing: readonly string[]): string {
  const known = [...items.map(({ barcode }) => barcode), ...missing].filter((barcode) => lab.plates.has(barcode))
  if (new Set(known).size < known.length) return 'invalid-request'
  const faultOf = (barcode: string, item?: Arranged): string | null =>
    !lab.plates.has(barcode) ? 'container-not-found' : item === undefined ? null : standsAt(lab, item.at) ?? (item.lid ? standsAt(lab, item.lid) : null)
  const ends = new Map<string, Pick<Plate, 'at' | 'last' | 'lidded' | 'lid'>>(items.filter((item) => faultOf(item.barcode, item) === null).map((item) => {
    const plate = lab.plates.get(item.barcode)!
    const lidded = item.lid ? false : item.lidded ?? plate.lidded
    return [item.barcode, { at: item.at, last: null, lidded, lid: item.lid !== undefined ? item.lid : lidded ? null : plate.lid }]
  }))
  for (const barcode of missing) {
    const plate = lab.plates.get(barcode)
    if (plate !== undefined) ends.set(barcode, { at: null, last: plate.at ?? plate.last, lidded: plate.lidded, lid: plate.lid })
  }
  // What nobody says anything about stays, and so does a lid of which its entry does not say where it is. A plate that an entry names is
  // not where it was, also if it cannot be where the entry says.
  const taken: Spot[] = [...lab.plates.values()].flatMap((plate) => {
    const item = items.find(({ barcode }) => barcode === plate.barcode)
    const isNamed = item !== undefined || missing.includes(plate.barcode)
    const lidStays = item?.lid === undefined && item?.lidded !== true
    return [isNamed ? null : plate.at, lidStays ? plate.lid : null].filter((spot) => spot !== null)
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

/**
 * What a person saw on a device, which is an arrangement: the plates that were not seen there are missing, and nobody knows where a lid is
 * whose slot has a plate.
 */
export function takeStock (lab: Lab, device: string, seen: readonly { position: number, barcode: string }[]): string {
  if (!lab.devices.has(device)) return 'device-not-found'
  // What is wrong with a slot is told before anything else.
  for (const { position } of seen) {
    const fault = standsAt(lab, { device, position })
    if (fault !== null) return fault
  }
  const plates = [...lab.plates.values()]
  const missing = plates.filter(({ at, barcode }) => at?.device === device && !seen.some((one) => one.barcode === barcode))
  const displaced = plates.filter(({ lid }) => lid?.device === device && seen.some(({ position }) => lid.position === position)).map((plate) => ({ plate, lid: plate.lid }))
  for (const { plate } of displaced) plate.lid = null
  const code = arrange(lab, seen.map(({ position, barcode }) => ({ barcode, at: { device, position } })), missing.map(({ barcode }) => barcode))
  if (code !== 'ok') for (const { plate, lid } of displaced) plate.lid = lid
  return code
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

export function reserve (lab: Lab, id: string, { device, purpose, count, last, type }: { device: string, purpose: Part, count: number, last: boolean, type: string | null }): string {
  if (!lab.devices.has(device)) return 'device-not-found'
  const all = lab.waste.has(device) ? [] : slotsOf(lab, device).filter((spot) => occupantOf(lab, spot) === null && reservationOf(lab, spot) === null)
  const free = all.filter((spot) => purpose === 'lid' || fits(lab, type, spot))
  if (last) free.reverse()
  if (free.length < count) return all.length < count ? 'no-free-position' : 'labware-does-not-fit'
  lab.reservations.set(id, { id, purpose, slots: free.slice(0, count) })
  return 'ok'
}

export function release (lab: Lab, id: string): string {
  return lab.reservations.delete(id) ? 'ok' : 'reservation-not-found'
}

export function remember (lab: Lab, revision: number): void {
  lab.past.push({ revision, devices: new Map(lab.devices), plates: [...lab.plates.values()].map((plate) => ({ ...plate })) })
}

export function wipe (lab: Lab): string {
  lab.plates.clear()
  lab.reservations.clear()
  lab.devices.clear()
  return 'ok'
}

/** What came since stays. A plate that it is in the way of stays as it is now, and a lid whose slot is taken is nowhere. */
export function restore (lab: Lab, { devices, plates }: Past): string {
  for (const [device, capacity] of devices) lab.devices.set(device, Math.max(capacity, lab.devices.get(device) ?? 0))
  const back = new Map(plates.map((plate) => [plate.number, { ...plate }]))
  for (;;) {
    const staying = [...lab.plates.values()].filter(({ number }) => !back.has(number))
    const taken = (spot: Spot | null): boolean => staying.some((plate) => isAt(plate.at, spot) || isAt(plate.lid, spot))
    const blocked = [...back.values()].filter(({ at, barcode }) => taken(at) || staying.some((plate) => plate.barcode === barcode))
    for (const { number } of blocked) back.delete(number)
    for (const plate of back.values()) if (taken(plate.lid)) plate.lid = null
    if (blocked.length > 0) continue
    lab.plates = new Map([...staying, ...back.values()].map((plate) => [plate.barcode, plate]))
    break
  }
  for (const [device, now] of [...lab.devices]) {
    const slots = slotsOf(lab, device).filter(({ position }) => position >= (devices.get(device) ?? 0))
    if (now === devices.get(device) || slots.some((spot) => occupantOf(lab, spot) !== null)) continue
    for (const spot of slots) consumeReservation(lab, spot)
    if (devices.has(device)) lab.devices.set(device, devices.get(device)!)
    else lab.devices.delete(device)
  }
  return 'ok'
}
