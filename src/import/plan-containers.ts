import type { Place } from '../contract/common.ts'
import { digestOf } from '../domain/canonical.ts'
import type { Conflicts } from './conflicts.ts'
import { idOfRow } from './ids.ts'
import type { OldContainer, OldLab } from './old-tables.ts'
import type { OldDevices } from './plan-devices.ts'
import { readBarcode } from './sanitize-names.ts'

/** A placeholder device for deleted starting slots. */
export const goneSlots = 'gone slots'
const goneSlot: Place = { device: goneSlots, position: 0 }

/** The old system gives every container this labware_uuid. */
const constantLabware = 'dddddddd-dddd-dddd-dddd-dddddddddddd'

/** The input of import_containers for one container. `place` and `lid` are the current places or, if removed, the last ones. */
export type ImportedContainer = {
  id: string, name: string, barcode: string | null, labware_uuid: string | null, lidded: boolean, removed: boolean
  place: Place | null, lid: Place | null, start: Place, created_as: string
}

/** The state of the lab that a plan needs. */
export type TrackedContainers = {
  /** The slots of the imported devices. */
  slots: readonly { device: string, position: number, active: boolean, occupied: boolean }[]
  /** The imported barcodes that are already in use. */
  barcodes: readonly string[]
  /** The imported containers that already exist. */
  containers: readonly { id: string, device: string | null, position: number | null, lidded: boolean, removed: boolean, missing: boolean }[]
}

type Known = TrackedContainers['containers'][number]
type Standing = { container: OldContainer, place: Place }

/** Plans the containers to import. If several claim a slot or barcode, the one with the newest step gets it, then the one added last. */
export function planContainers (
  old: OldLab, { places }: OldDevices, added: ReadonlyMap<string, number>, here: TrackedContainers, conflicts: Conflicts
): { containers: ImportedContainer[], known: number } {
  const known = new Map(here.containers.map((container) => [container.id, container]))
  const idOf = ({ id }: OldContainer): string => idOfRow(old.identity, 'container', id)
  const fresh = old.containers.filter((container) => !known.has(idOf(container)))
  for (const container of old.containers) compare(container, places.get(container.position), known.get(idOf(container)), conflicts)

  const slots = openSlots(added, here)
  const latestFirst = fresh.filter(({ removed }) => !removed).sort((a, b) => lastSeen(old, b).localeCompare(lastSeen(old, a)) || b.id - a.id)
  const standing = latestFirst.flatMap((container) => takeSlot(container, places.get(container.position), slots, conflicts))
  for (const { container } of standing) conflicts.add('labware-type-unknown', describe(container))
  const barcodes = assignBarcodes(standing, new Set(here.barcodes), conflicts)
  const lids = new Map(standing.map(({ container }) => [container.id, parkLid(container, places, slots, conflicts)]))
  const present = new Map(standing.map(({ container, place }) => [container.id, place]))

  return {
    known: known.size,
    containers: fresh.map((container) => {
      const id = idOf(container)
      const place = present.get(container.id)
      const last = places.get(container.position) ?? null
      const { barcode, name } = place === undefined ? labelsOfRemoved(container, conflicts) : barcodes.get(container.id)!
      const lidPlace = container.lid_position === null ? null : places.get(container.lid_position) ?? null
      if (container.labware_uuid === constantLabware) conflicts.add('constant-labware-uuid', describe(container))
      if (container.project !== null) conflicts.add('container-project', `${describe(container)}: ${old.projects.find((project) => project.id === container.project)?.name ?? `project ${container.project}`}`)
      return {
        id, barcode, name: name ?? `container-${id.slice(-8)}`, labware_uuid: container.labware_uuid === constantLabware ? null : container.labware_uuid,
        lidded: container.lidded, removed: place === undefined, place: place ?? last,
        lid: place === undefined ? (container.lidded ? null : lidPlace) : lids.get(container.id) ?? null,
        start: startOf(container, places.get(container.starting_position), place ?? last, slots, conflicts),
        created_as: digestOf([old.identity, container.id])
      }
    })
  }
}

/** The state of each slot. Slots that do not exist are missing. An object holds the container that got the slot in this plan. */
type Slots = Map<string, 'free' | 'retired' | 'taken-here' | { container: OldContainer }>

function openSlots (added: ReadonlyMap<string, number>, here: TrackedContainers): Slots {
  const slots: Slots = new Map()
  for (const [device, capacity] of added) for (let position = 0; position < capacity; position++) slots.set(key({ device, position }), 'free')
  for (const { device, position, active, occupied } of here.slots) {
    const slot = key({ device, position })
    if (occupied) slots.set(slot, 'taken-here')
    else if (!slots.has(slot)) slots.set(slot, active ? 'free' : 'retired')
  }
  return slots
}

function takeSlot (container: OldContainer, place: Place | undefined, slots: Slots, conflicts: Conflicts): Standing[] {
  const slot = place === undefined ? undefined : slots.get(key(place))
  if (place === undefined || slot === undefined || slot === 'retired') {
    conflicts.add('place-gone', `${describe(container)}, slot ${place === undefined ? container.position : placeText(place)}`)
  } else if (slot === 'taken-here') {
    conflicts.add('slot-taken-here', `${describe(container)}, ${placeText(place)}`)
  } else if (slot !== 'free') {
    conflicts.add('two-in-a-slot', `${placeText(place)}: ${describe(slot.container)} stays, ${describe(container)} is removed`)
  } else {
    slots.set(key(place), { container })
    return [{ container, place }]
  }
  return []
}

function assignBarcodes (standing: readonly Standing[], here: ReadonlySet<string>, conflicts: Conflicts) {
  const holders = new Map<string, OldContainer>()
  return new Map(standing.map(({ container }) => {
    const { barcode, name, settled } = readBarcode(container.barcode)
    if (settled !== null) conflicts.add(settled, describe(container))
    if (barcode === null) return [container.id, { barcode, name }]
    const holder = holders.get(barcode)
    if (here.has(barcode)) conflicts.add('barcode-in-use-here', describe(container))
    else if (holder !== undefined) conflicts.add('barcode-twice', `"${barcode}": container ${holder.id} keeps it, container ${container.id} does not`)
    else holders.set(barcode, container)
    return [container.id, { barcode: holders.get(barcode) === container ? barcode : null, name }]
  }))
}

function parkLid (container: OldContainer, places: OldDevices['places'], slots: Slots, conflicts: Conflicts): Place | null {
  if (container.lid_position === null) return null
  const place = places.get(container.lid_position)
  const slot = place === undefined ? undefined : slots.get(key(place))
  if (container.lidded) conflicts.add('lid-on-and-parked', `${describe(container)}, ${place === undefined ? `slot ${container.lid_position}` : placeText(place)}`)
  else if (place === undefined || slot === undefined || slot === 'retired') conflicts.add('lid-place-gone', `lid of ${describe(container)}`)
  else if (slot !== 'free') conflicts.add('lid-on-occupied-slot', `${placeText(place)}: lid of ${describe(container)}`)
  else {
    slots.set(key(place), { container })
    return place
  }
  return null
}

function labelsOfRemoved (container: OldContainer, conflicts: Conflicts) {
  const { barcode, name, settled } = readBarcode(container.barcode)
  if (settled !== null) conflicts.add(settled, describe(container))
  return { barcode, name }
}

function startOf (container: OldContainer, start: Place | undefined, place: Place | null, slots: Slots, conflicts: Conflicts): Place {
  if (start !== undefined && slots.has(key(start))) return start
  conflicts.add('starting-place-gone', describe(container))
  return place !== null && slots.has(key(place)) ? place : goneSlot
}

function compare (container: OldContainer, place: Place | undefined, here: Known | undefined, conflicts: Conflicts): void {
  if (here === undefined) return
  const differs = here.removed !== container.removed ||
    (!here.removed && (here.device !== (place?.device ?? null) || here.position !== (place?.position ?? null) || here.lidded !== container.lidded))
  if (!differs) return
  const there = container.removed ? 'removed' : `at ${place === undefined ? 'a slot that is gone' : placeText(place)}${container.lidded ? '' : ', its lid off'}`
  const now = here.removed ? 'removed' : `${here.missing ? 'missing' : `at ${here.device} ${here.position}`}${here.lidded ? '' : ', its lid off'}`
  conflicts.add('container-differs-here', `${describe(container)}: ${there} in the old database, ${now} here`)
}

function lastSeen (old: OldLab, { id }: OldContainer): string {
  return old.last_seen.get(id) ?? ''
}

function describe ({ id, barcode }: OldContainer): string {
  return `"${barcode}" (container ${id})`
}

function placeText ({ device, position }: Place): string {
  return `${device} ${position}`
}

function key ({ device, position }: Place): string {
  return `${position} ${device}`
}
