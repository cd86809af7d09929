import type { DeviceOfFile, DeviceSettings, LabSettings } from './lab-config.ts'
import type { LabwareTypeSettings } from './labware-types.ts'
import { LongObject, type NamedValue } from './long-object.ts'
import type { Members } from './members.ts'
import { slotMembers } from './slots.ts'

/** An array, or what makes its items when it is iterated. It can be iterated again. */
export type Many<T> = Iterable<T> & { readonly length: number }

/** What is not said may be missing or null. */
type Said<T extends { name: string }> = { name: string } & { [M in Exclude<keyof T, 'name'>]?: T[M] | null }
export type SaidDevice = Said<DeviceOfFile>
export type SaidLabwareType = Said<LabwareTypeSettings>

/** The lab as its file says it. A lab can have many devices and labware types, so nobody needs all of them at once. */
export type LabParts = LabSettings & {
  readonly groups: readonly { readonly name: string, readonly devices: Many<SaidDevice> }[]
  readonly labware_types: Many<SaidLabwareType> | null
}

/** The lab as a lab file, without null members and with the unknown members. */
export function labFile ({ description, pythonlab_translation, extra, groups, labware_types: types }: LabParts): LongObject {
  const servers = new LongObject(() => groups.map(({ name, devices }): NamedValue => [name, new LongObject(() => mapped(devices, deviceMember))]))
  const typesOfFile = types === null || types.length === 0 ? null : new LongObject(() => mapped(types, labwareTypeMember))
  return new LongObject(() => [
    ...Object.entries(withoutNulls({ description, sila_servers: servers, labware_types: typesOfFile, pythonlab_translation })), ...Object.entries(extra ?? {})
  ])
}

function * mapped<From, To> (items: Iterable<From>, map: (item: From) => To): Generator<To> {
  for (const item of items) yield map(item)
}

// What disposes says so; all others need not say that they do not.
function deviceMember ({ name, extra, disposes, slots, ...settings }: SaidDevice): NamedValue {
  return [name, { ...withoutNulls({ ...settings, disposes: disposes || null, slots: slotMembers(slots ?? null) }), ...extra }]
}

function labwareTypeMember ({ name, extra, deep_well: isDeepWell, ...members }: SaidLabwareType): NamedValue {
  return [name, { ...withoutNulls({ ...members, deep_well: isDeepWell || null }), ...extra }]
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
