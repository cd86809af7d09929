import type { DeviceSettings, LabLayout } from './lab-config.ts'
import { labwareTypeMembers } from './labware-types.ts'
import type { Members } from './members.ts'
import { slotMembers } from './slots.ts'

/** The lab as a lab file, without null members and with the unknown members. */
export function labFile ({ description, pythonlab_translation, extra, groups, labware_types }: LabLayout): Members {
  const servers = Object.fromEntries(groups.map(({ name, devices }) => [name, Object.fromEntries(devices.map(deviceMember))]))
  return { ...withoutNulls({ description, sila_servers: servers, labware_types: labwareTypeMembers(labware_types), pythonlab_translation }), ...extra }
}

// What disposes says so; all others need not say that they do not.
function deviceMember ({ name, extra, disposes, slots, ...settings }: LabLayout['groups'][number]['devices'][number]): [string, Members] {
  return [name, { ...withoutNulls({ ...settings, disposes: disposes || null, slots: slotMembers(slots) }), ...extra }]
}

function withoutNulls (members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null))
}

/** Why `extra` cannot be merged with the other members of a device, as in a lab file; null if it can. */
export function extraFault (device: DeviceSettings): string | null {
  const extra = device.extra ?? {}
  const isOwn = (key: string) => own.has(key) || (isText(key) && (device[key] !== null || extra[key] === null || typeof extra[key] === 'string'))
  const clash = Object.keys(extra).find(isOwn)
  return clash === undefined ? null : `must not contain "${clash}", which is a member of the device itself`
}

const own: ReadonlySet<string> = new Set(['capacity', 'process_capacity', 'min_capacity', 'allows_overlap', 'disposes', 'labware_types', 'max_height_mm', 'slots'])

function isText (key: string): key is 'type' | 'description' | 'uri' {
  return key === 'type' || key === 'description' || key === 'uri'
}
