import type { DeviceSettings, LabLayout, LabSettings } from './lab-config.ts'
import { type LabwareTypeSettings, type LabwareTypePlan, planLabwareTypes } from './labware-types.ts'
import { planSlots, type TrackedSlot } from './slots.ts'

// Plans what a lab file changes in the tracked lab. Pure functions: the caller reads the lab under its lock and writes the plan.

/** A device with a row: listed, unlisted (known only from logs), or retired. */
export type TrackedDevice = DeviceSettings & { id: string, name: string, group: string, listed: boolean, retired: boolean, created_as: string | null }

/** A group with the names of its listed, active devices, in order. */
export type DeviceGroup = { name: string, devices: string[] }

/** `devices` has one device per name: the active one, otherwise the last one with this name. `slots` are those for which something is set. */
export type TrackedLab = LabSettings & { groups: DeviceGroup[], devices: TrackedDevice[], slots: TrackedSlot[], labware_types: LabwareTypeSettings[] }

export type DeviceAction = 'add' | 'update' | 'grow' | 'shrink' | 'retire' | 'restore' | 'unchanged'

/** The change of one device. `capacity.from` or `.to` is null if the lab does not have the device then. `changed` names other members. */
export type DeviceChange = { action: DeviceAction, device: string, group: string, capacity: { from: number | null, to: number | null }, changed: string[] }

/** The new state of a device; `kind` is the kind of its event. */
export type DeviceInput = TrackedDevice & { kind: string }

export type LabInput = LabSettings & { groups: DeviceGroup[] }

/** `devices` and `slots` are those to write; `lab` is null if only settings of devices and labware types change. */
export type LabPlan = { changes: DeviceChange[], devices: DeviceInput[], slots: TrackedSlot[], labwareTypes: LabwareTypePlan, lab: LabInput | null }

/** Plans how the tracked lab becomes like the lab file. Without `prune`, devices that are not in the file are kept. */
export function planLab (config: LabLayout, tracked: TrackedLab, { prune, newId }: { prune: boolean, newId: (name: string) => string }): LabPlan {
  const known = new Map(tracked.devices.map((device) => [device.name, device]))
  const wanted = config.groups.flatMap(({ name: group, devices }) => devices.map(({ slots: _, ...settings }): TrackedDevice => {
    const before = known.get(settings.name)
    return { id: before?.id ?? newId(settings.name), created_as: before?.created_as ?? null, ...settings, group, listed: true, retired: false }
  }))
  const named = new Set(wanted.map(({ name }) => name))
  const others = tracked.devices
    .filter(({ name, listed, retired }) => listed && !retired && !named.has(name))
    .map((device) => ({ ...device, retired: prune }))

  const said = new Map(config.groups.flatMap(({ devices }) => devices.map(({ name, slots }) => [name, slots] as const)))
  const slots = planSlots(wanted.map(({ id, name, capacity }) => ({ id, capacity, slots: said.get(name) ?? null })), tracked.slots, { prune })
  const withSlots = new Set(slots.map(({ device_id }) => device_id))
  const steps = [...wanted, ...others].map((after) => ({ after, change: deviceChangeOf(known.get(after.name), after) }))
  return {
    changes: steps.map(({ after, change }) => withSlots.has(after.id) ? withSlotsChanged(change) : change),
    devices: steps.filter(({ change }) => change.action !== 'unchanged').map(({ after, change }) => deviceInputOf(after, change)),
    slots,
    labwareTypes: planLabwareTypes(config.labware_types, tracked.labware_types, { prune }),
    lab: unlessTracked(prune ? fromFile(config) : intoTracked(config, tracked, named), tracked)
  }
}

// The settings of single slots are no part of the row of their device, so the device is not written for them.
function withSlotsChanged (change: DeviceChange): DeviceChange {
  return { ...change, action: change.action === 'unchanged' ? 'update' : change.action, changed: [...change.changed, 'slots'] }
}

/** What a lab file says beyond the settings of single devices; null if the tracked lab says the same. */
export function planLabSettings (config: LabLayout, tracked: LabInput): LabInput | null {
  return unlessTracked(fromFile(config), tracked)
}

function unlessTracked (lab: LabInput, tracked: LabInput): LabInput | null {
  return sameLab(lab, tracked) ? null : lab
}

const compared = [
  'name', 'group', 'type', 'description', 'uri', 'process_capacity', 'min_capacity', 'allows_overlap',
  'disposes', 'labware_types', 'max_height_mm', 'extra'
] as const satisfies readonly (keyof TrackedDevice)[]

/** The change of a device; `before` is undefined if it has no row yet. */
export function deviceChangeOf (before: TrackedDevice | undefined, after: TrackedDevice): DeviceChange {
  const from = before === undefined || before.retired || !before.listed ? null : before.capacity
  const changed = before === undefined ? [] : compared.filter((member) => !equal(before[member], after[member]))
  return {
    action: actionOf(before, after, changed.length > 0),
    device: after.name,
    group: after.group,
    capacity: { from, to: after.retired ? null : after.capacity },
    changed
  }
}

function actionOf (before: TrackedDevice | undefined, after: TrackedDevice, changed: boolean): DeviceAction {
  if (before === undefined || (after.listed && !before.listed)) return 'add'
  if (before.retired !== after.retired) return after.retired ? 'retire' : 'restore'
  if (before.capacity !== after.capacity) return before.capacity < after.capacity ? 'grow' : 'shrink'
  return changed ? 'update' : 'unchanged'
}

const kinds: Readonly<Record<DeviceAction, string>> = {
  add: 'device-added',
  update: 'device-updated',
  grow: 'device-grown',
  shrink: 'device-shrunk',
  retire: 'device-retired',
  restore: 'device-restored',
  unchanged: 'device-unchanged'
}

/** The device to write, with the kind of event for the change. */
export function deviceInputOf (after: TrackedDevice, { action }: DeviceChange): DeviceInput {
  return { ...after, kind: kinds[action] }
}

function fromFile ({ description, pythonlab_translation, extra, groups }: LabLayout): LabInput {
  return { description, pythonlab_translation, extra, groups: groups.map(namesOf) }
}

// The groups and devices of the file come first; those that only the lab has follow in their order.
function intoTracked (config: LabLayout, tracked: TrackedLab, named: ReadonlySet<string>): LabInput {
  const kept = tracked.groups.map(({ name, devices }) => ({ name, devices: devices.filter((device) => !named.has(device)) }))
  const inFile = new Set(config.groups.map(({ name }) => name))
  return {
    description: config.description ?? tracked.description,
    pythonlab_translation: config.pythonlab_translation ?? tracked.pythonlab_translation,
    extra: config.extra === null ? tracked.extra : { ...tracked.extra, ...config.extra },
    groups: [
      ...config.groups.map(namesOf).map(({ name, devices }) =>
        ({ name, devices: [...devices, ...kept.find((group) => group.name === name)?.devices ?? []] })),
      ...kept.filter(({ name }) => !inFile.has(name))
    ]
  }
}

function namesOf ({ name, devices }: LabLayout['groups'][number]): DeviceGroup {
  return { name, devices: devices.map((device) => device.name) }
}

function sameLab (a: LabInput, b: LabInput): boolean {
  return equal([a.description, a.pythonlab_translation, a.extra, asMembers(a.groups)], [b.description, b.pythonlab_translation, b.extra, asMembers(b.groups)])
}

// In JavaScript objects, members named like whole numbers always come first. Both sides are compared as such objects, so that
// applying an exported lab file changes nothing.
function asMembers (groups: readonly DeviceGroup[]): object {
  return Object.fromEntries(groups.map(({ name, devices }) => [name, Object.fromEntries(devices.map((device) => [device, 0]))]))
}

// Compares the JSON text, because the order of keys in unknown members is stored too.
function equal (a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
