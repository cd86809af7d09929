import type { DeviceSettings, LabConfig, LabSettings } from './lab-config.ts'

// What a lab file changes in the tracked lab. Pure: the caller reads the tracked lab under its lock and writes the plan.

/** A device that has a row: in the lab, known only from logs (not listed), or retired. */
export type TrackedDevice = DeviceSettings & { id: string, name: string, group: string, listed: boolean, retired: boolean, created_as: string | null }

/** A group with the names of its listed, active devices, in order. */
export type DeviceGroup = { name: string, devices: string[] }

/** `devices`: per name the active one, else the one that bore the name last. */
export type TrackedLab = LabSettings & { groups: DeviceGroup[], devices: TrackedDevice[] }

export type DeviceAction = 'add' | 'update' | 'grow' | 'shrink' | 'retire' | 'restore' | 'unchanged'

/** What becomes of one device. `capacity` is null on the side where the lab does not have it; `changed` names the other members that differ. */
export type DeviceChange = { action: DeviceAction, device: string, group: string, capacity: { from: number | null, to: number | null }, changed: string[] }

/** A device as it shall be; `kind` is the event that tells it. */
export type DeviceInput = TrackedDevice & { kind: string }

export type LabInput = LabSettings & { groups: DeviceGroup[] }

/** `devices` are those to write; `lab` is null when the file says nothing new beyond the devices' settings. */
export type LabPlan = { changes: DeviceChange[], devices: DeviceInput[], lab: LabInput | null }

/** What it takes to make the tracked lab the one of the file. Without `prune`, what the file does not name is kept. */
export function planLab (config: LabConfig, tracked: TrackedLab, { prune, newId }: { prune: boolean, newId: () => string }): LabPlan {
  const known = new Map(tracked.devices.map((device) => [device.name, device]))
  const wanted = config.groups.flatMap(({ name: group, devices }) => devices.map((settings): TrackedDevice => {
    const before = known.get(settings.name)
    return { id: before?.id ?? newId(), created_as: before?.created_as ?? null, ...settings, group, listed: true, retired: false }
  }))
  const named = new Set(wanted.map(({ name }) => name))
  const others = tracked.devices
    .filter(({ name, listed, retired }) => listed && !retired && !named.has(name))
    .map((device) => ({ ...device, retired: prune }))

  const steps = [...wanted, ...others].map((after) => ({ after, change: changeOf(known.get(after.name), after) }))
  const lab = prune ? fromFile(config) : intoTracked(config, tracked, named)
  return {
    changes: steps.map(({ change }) => change),
    devices: steps.filter(({ change }) => change.action !== 'unchanged').map(({ after, change }) => inputOf(after, change)),
    lab: sameLab(lab, tracked) ? null : lab
  }
}

const compared = [
  'name', 'group', 'type', 'description', 'uri', 'process_capacity', 'min_capacity', 'allows_overlap', 'extra'
] as const satisfies readonly (keyof TrackedDevice)[]

/** What becomes of a device; `before` is undefined for one that has no row. */
export function changeOf (before: TrackedDevice | undefined, after: TrackedDevice): DeviceChange {
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

/** The device to be written, with the event that tells the change. */
export function inputOf (after: TrackedDevice, { action }: DeviceChange): DeviceInput {
  return { ...after, kind: kinds[action] }
}

function fromFile ({ description, pythonlab_translation, extra, groups }: LabConfig): LabInput {
  return { description, pythonlab_translation, extra, groups: groups.map(namesOf) }
}

// The file comes first; what only the lab has follows, in its order.
function intoTracked (config: LabConfig, tracked: TrackedLab, named: ReadonlySet<string>): LabInput {
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

function namesOf ({ name, devices }: LabConfig['groups'][number]): DeviceGroup {
  return { name, devices: devices.map((device) => device.name) }
}

function sameLab (a: LabInput, b: LabInput): boolean {
  return equal([a.description, a.pythonlab_translation, a.extra, asMembers(a.groups)], [b.description, b.pythonlab_translation, b.extra, asMembers(b.groups)])
}

// Both sides as JSON objects, whose members named like whole numbers come first whatever the order they were given in:
// otherwise an export could not be fed back without a change.
function asMembers (groups: readonly DeviceGroup[]): object {
  return Object.fromEntries(groups.map(({ name, devices }) => [name, Object.fromEntries(devices.map((device) => [device, 0]))]))
}

// by their text: the order of an unknown member's keys is kept too, so it counts
function equal (a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
