import { readFlag, readMillimetres, readTypeList } from './labware-types.ts'
import { isMembers, type Members, type Report } from './members.ts'

// The single slots of a device in a lab file: reading, checking, writing, and planning what changes. Pure functions.

/** What is set for one slot. Null: as its device says. */
export type SlotSettings = {
  position: number
  deep_well_suited: boolean
  disposes: boolean | null
  labware_types: string[] | null
  max_height_mm: number | null
}

/** A slot for which something is set, or was when the lab had it last. */
export type TrackedSlot = SlotSettings & { device_id: string }

/** A device of a lab file with its single slots; null if it does not say any. */
export type DeviceSlots = { id: string, capacity: number, slots: SlotSettings[] | null }

const slotKey = /^(?:0|[1-9]\d*)$/

/** The slots of a device in a lab file, ascending; null if it does not say any. */
export function readSlots (given: unknown, capacity: number | null, pointer: string, report: Report): SlotSettings[] | null {
  if (given === undefined || given === null) return null
  if (!isMembers(given)) {
    report(pointer, 'must be an object: what is set for single slots, by the number of the slot')
    return null
  }
  return Object.entries(given).flatMap(([key, members]) => {
    const place = `${pointer}/${key}`
    if (!slotKey.test(key) || (capacity !== null && Number(key) >= capacity)) {
      report(pointer, `has the key ${JSON.stringify(key.slice(0, 40))}, which is no slot of the device: ${rangeOf(capacity)}`)
      return []
    }
    if (members !== null && !isMembers(members)) {
      report(place, 'must be an object with the members disposes, labware_types, max_height_mm or deep_well_suited')
      return []
    }
    return [readSlot(Number(key), members ?? {}, place, report)]
  }).sort((a, b) => a.position - b.position)
}

function rangeOf (capacity: number | null): string {
  if (capacity === null) return 'slots are counted from 0'
  return capacity === 0 ? 'it has none' : `they are counted from 0 to ${capacity - 1}`
}

function readSlot (position: number, given: Members, pointer: string, report: Report): SlotSettings {
  const { deep_well_suited, disposes, labware_types, max_height_mm, ...others } = given
  for (const key of Object.keys(others)) {
    report(pointer, `has the unknown member ${JSON.stringify(key.slice(0, 40))}; a slot has disposes, labware_types, max_height_mm and deep_well_suited`)
  }
  return {
    position,
    deep_well_suited: readFlag(deep_well_suited, `${pointer}/deep_well_suited`, report),
    disposes: disposes === undefined || disposes === null ? null : readFlag(disposes, `${pointer}/disposes`, report),
    labware_types: readTypeList(labware_types, `${pointer}/labware_types`, report),
    max_height_mm: readMillimetres(max_height_mm, `${pointer}/max_height_mm`, report)
  }
}

/** The slots as members of a device in a lab file, without what is not said; null if nothing is. */
export function slotMembers (slots: readonly SlotSettings[] | null): Members | null {
  const said = (slots ?? []).map(({ position, deep_well_suited, ...members }) => [
    position, Object.fromEntries(Object.entries({ ...members, deep_well_suited: deep_well_suited || null }).filter(([, value]) => value !== null))
  ] as const).filter(([, members]) => Object.keys(members).length > 0)
  return said.length === 0 ? null : Object.fromEntries(said)
}

const compared = ['deep_well_suited', 'disposes', 'labware_types', 'max_height_mm'] as const satisfies readonly (keyof SlotSettings)[]

/**
 * Plans how single slots become like those of a lab file. A device that says no slots changes none. Without `prune`, slots
 * that the file does not name are kept. Returns only the slots that change.
 */
export function planSlots (devices: readonly DeviceSlots[], tracked: readonly TrackedSlot[], { prune }: { prune: boolean }): TrackedSlot[] {
  const known = new Map<string, TrackedSlot[]>()
  for (const slot of tracked) {
    const sameDevice = known.get(slot.device_id)
    if (sameDevice === undefined) known.set(slot.device_id, [slot])
    else sameDevice.push(slot)
  }
  return devices.flatMap(({ id, capacity, slots }) => {
    if (slots === null) return []
    const before = new Map((known.get(id) ?? []).map((slot) => [slot.position, slot]))
    const named = new Set(slots.map(({ position }) => position))
    const others = prune ? [...before.keys()].filter((position) => position < capacity && !named.has(position)).map(asItsDevice) : []
    const changing = [...slots, ...others].filter((slot) => isDifferent(before.get(slot.position) ?? asItsDevice(slot.position), slot))
    return changing.map((slot) => ({ device_id: id, ...slot }))
  })
}

function asItsDevice (position: number): SlotSettings {
  return { position, deep_well_suited: false, disposes: null, labware_types: null, max_height_mm: null }
}

function isDifferent (a: SlotSettings, b: SlotSettings): boolean {
  return compared.some((member) => JSON.stringify(a[member]) !== JSON.stringify(b[member]))
}
