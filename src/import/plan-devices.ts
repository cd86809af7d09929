import type { Place } from '../contract/common.ts'
import { certificateFault } from '../domain/certificate.ts'
import { deviceChangeOf, type DeviceInput, type TrackedDevice, deviceInputOf } from '../domain/lab-file/lab-plan.ts'
import { maxSlots, maxTextLength } from '../domain/limits.ts'
import type { Conflicts } from './conflicts.ts'
import { idOfRow } from './ids.ts'
import type { OldDevice, OldLab } from './old-tables.ts'
import { sanitizeDeviceName } from './sanitize-names.ts'

const group = 'devices'

/** The imported devices. Several rows with the same name are one device. */
export type OldDevices = {
  names: ReadonlyMap<number, string>
  /** The number of slots by device name. */
  capacities: ReadonlyMap<string, number>
  /** The place by the id of the old slot. */
  places: ReadonlyMap<number, Place>
}

export function nameDevices (old: OldLab, conflicts: Conflicts): OldDevices {
  const names = new Map(old.devices.map(({ id, name }) => [id, sanitizeDeviceName(name, id)]))
  for (const { id, name } of old.devices) if (names.get(id) !== name) conflicts.add('device-name', `device ${id}, "${name}", becomes "${names.get(id)}"`)
  for (const [name, rows] of byName(old.devices, names)) {
    if (rows.length > 1) conflicts.add('device-twice', `"${name}": devices ${rows.map(({ id }) => id).join(', ')}`, rows.length - 1)
  }

  const places = new Map<number, Place>()
  for (const { id, device, slot } of old.positions) {
    const name = names.get(device)
    if (slot < 0 || slot >= maxSlots) conflicts.add('slot-impossible', `${name ?? `device ${device}`}, slot ${slot}`)
    else if (name !== undefined) places.set(id, { device: name, position: slot })
  }
  return { names, places, capacities: capacitiesOf(old, names, places, conflicts) }
}

function capacitiesOf (old: OldLab, names: ReadonlyMap<number, string>, places: ReadonlyMap<number, Place>, conflicts: Conflicts): Map<string, number> {
  const highest = new Map<number, number>()
  for (const { id, device } of old.positions) {
    const place = places.get(id)
    if (place !== undefined) highest.set(device, Math.max(highest.get(device) ?? -1, place.position))
  }
  const capacities = new Map<string, number>()
  for (const { id, slots } of old.devices) {
    const name = names.get(id)!
    const slotCount = (highest.get(id) ?? -1) + 1
    const capacity = Math.min(maxSlots, Math.max(0, slots, slotCount))
    if (slots !== slotCount) conflicts.add('slots-differ', `"${name}" has num_slots ${slots}, but its highest slot is ${slotCount === 0 ? 'none' : slotCount - 1}`)
    capacities.set(name, Math.max(capacity, capacities.get(name) ?? 0))
  }
  return capacities
}

/** Plans the devices that the lab does not have. Existing devices stay as they are. */
export function planDevices (old: OldLab, { names, capacities }: OldDevices, here: readonly TrackedDevice[], conflicts: Conflicts): DeviceInput[] {
  const known = new Map(here.map((device) => [device.name, device]))
  return [...byName(old.devices, names)].flatMap(([name, rows]) => {
    const before = known.get(name)
    const capacity = capacities.get(name)!
    if (before !== undefined && (before.listed || before.retired)) {
      if (before.retired) conflicts.add('device-differs-here', `"${name}" is retired here`)
      else if (before.capacity < capacity) conflicts.add('device-differs-here', `"${name}" has ${capacity} slots in the old database, ${before.capacity} here`)
      return []
    }
    const after: TrackedDevice = {
      id: before?.id ?? idOfRow(old.identity, 'device', rows[0]!.id),
      name, group, capacity, uri: rows.map(({ uri }) => uri).find((uri) => uri !== null && uri !== '' && uri.length <= maxTextLength) ?? null,
      type: null, description: null, process_capacity: null, min_capacity: null, allows_overlap: null,
      disposes: false, labware_types: null, max_height_mm: null, extra: null,
      listed: true, retired: false, created_as: before?.created_as ?? null
    }
    return [deviceInputOf(after, deviceChangeOf(before, after))]
  })
}

export type DeviceCertificate = { device: string, certificate: string }

/** Plans the certificates that the lab does not have, for `active` devices. Of several rows with one name, the latest counts. */
export function planCertificates (
  old: OldLab, { names }: OldDevices, active: ReadonlySet<string>, here: readonly DeviceCertificate[], conflicts: Conflicts
): DeviceCertificate[] {
  const known = new Map(here.map(({ device, certificate }) => [device, certificate]))
  return [...byName(old.devices, names)].filter(([device]) => active.has(device)).flatMap(([device, rows]) => {
    const certificate = rows.map((row) => row.certificate).findLast((text) => text !== null && text !== '') ?? null
    if (certificate === null || known.get(device) === certificate) return []
    const fault = certificateFault(certificate)
    if (fault !== null) conflicts.add('certificate-unusable', `"${device}": it ${fault}`)
    else if (known.has(device)) conflicts.add('certificate-differs-here', `"${device}"`)
    else return [{ device, certificate }]
    return []
  })
}

function byName (devices: readonly OldDevice[], names: ReadonlyMap<number, string>): Map<string, OldDevice[]> {
  const rows = new Map<string, OldDevice[]>()
  for (const device of devices) {
    const name = names.get(device.id)!
    rows.set(name, [...rows.get(name) ?? [], device])
  }
  return rows
}
