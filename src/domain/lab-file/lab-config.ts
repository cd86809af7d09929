import { maxInteger, maxSlots } from '../limits.ts'
import { composed, isLine, isLines } from '../plain-text.ts'
import { escapePointer, storageFault } from '../values.ts'
import { type LabwareTypeSettings, readFlag, readLabwareTypes, readMillimetres, readTypeList } from './labware-types.ts'
import { type ConfigFault, isMembers, type Members, type Report } from './members.ts'
import { deviceNameFault, nameFault } from './names.ts'
import { checkExtra, checkLabMembers, checkTexts } from './sizes.ts'
import { readSlots, type SlotSettings } from './slots.ts'

// Validates a parsed lab file. read-yaml.ts parses the YAML; lab-file.ts writes a lab file.

/** The settings of a device in a lab file; null if missing. `extra` contains all unknown members. */
export type DeviceSettings = {
  type: string | null
  description: string | null
  uri: string | null
  capacity: number
  process_capacity: number | null
  min_capacity: number | null
  allows_overlap: boolean | null
  disposes: boolean
  labware_types: string[] | null
  max_height_mm: number | null
  extra: Members | null
}

/** A device of a lab file. `slots` are those that say something themselves; null if the file says nothing about single slots. */
export type DeviceOfFile = { name: string, slots: SlotSettings[] | null } & DeviceSettings

/** The members of a lab file besides its devices: any JSON. */
export type LabSettings = { description: unknown, pythonlab_translation: unknown, extra: Members | null }

/** A validated lab file: groups and their devices, in order, and its labware types; null if it says none. */
export type LabLayout = LabSettings & {
  groups: { name: string, devices: DeviceOfFile[] }[]
  labware_types: LabwareTypeSettings[] | null
}

/** At most this many faults are reported. */
const maxFaults = 100

/** Validates a parsed lab file. Returns the configuration, or all faults with their JSON pointers. */
export function readLabConfig (file: unknown): { config: LabLayout } | { faults: ConfigFault[] } {
  const faults: ConfigFault[] = []
  const report: Report = (pointer, detail) => {
    if (faults.length < maxFaults) faults.push({ in: 'body', pointer, detail })
  }
  const config = readFile(file, report)
  return config === null || faults.length > 0 ? { faults } : { config }
}

function readFile (file: unknown, report: Report): LabLayout | null {
  const bad = storageFault(file)
  if (bad) {
    report(bad.pointer, bad.detail)
    return null
  }
  const given = file ?? {}
  if (!isMembers(given)) {
    report('', 'must be an object with the member sila_servers')
    return null
  }
  const { sila_servers: servers, description, pythonlab_translation: translation, labware_types, ...extra } = given
  if (description !== undefined && description !== null && typeof description !== 'string' && !Array.isArray(description)) {
    report('/description', 'must be text or a list')
  }
  checkLabMembers({ description, pythonlab_translation: translation }, report)
  checkExtra(orNull(extra), '', report)
  return {
    description: description ?? null,
    pythonlab_translation: translation ?? null,
    extra: orNull(extra),
    groups: readGroups(servers, report),
    labware_types: readLabwareTypes(labware_types, report)
  }
}

function readGroups (servers: unknown, report: Report): LabLayout['groups'] {
  // null is also refused: a file that lost its groups must not retire all devices.
  if (servers === undefined || servers === null) {
    report('/sila_servers', 'is required: the groups of the lab with their devices; use {} for an empty lab')
    return []
  }
  if (!isMembers(servers)) {
    report('/sila_servers', 'must be an object of groups, each an object of devices')
    return []
  }
  const groupOf = new Map<string, string>()
  const groupNames = new Set<string>()
  return Object.entries(servers).map(([key, devices]) => {
    const pointer = `/sila_servers/${escapePointer(key)}`
    const group = composed(key)
    if (groupNames.has(group)) report(pointer, 'a group with this name comes before; composed and decomposed characters are the same')
    groupNames.add(group)
    const fault = nameFault(group)
    if (fault !== null) report(pointer, `the name of a group ${fault}`)
    const given = devices ?? {}
    if (!isMembers(given)) {
      report(pointer, 'must be an object of devices')
      return { name: group, devices: [] }
    }
    return {
      name: group,
      devices: Object.entries(given).map(([key, settings]) => {
        const place = `${pointer}/${escapePointer(key)}`
        const name = composed(key)
        checkName(name, place)
        const first = groupOf.get(name)
        if (first !== undefined) report(place, `a device with this name is also in the group "${first}"; names are unique in a lab`)
        else groupOf.set(name, group)
        return { name, ...readDevice(settings, place, report) }
      })
    }
  })

  function checkName (name: string, place: string): void {
    const fault = deviceNameFault(name)
    if (fault !== null) report(place, `the name of a device ${fault}`)
  }
}

function readDevice (settings: unknown, pointer: string, report: Report): Omit<DeviceOfFile, 'name'> {
  const given = settings ?? {}
  if (!isMembers(given)) {
    report(pointer, 'must be an object with the member capacity')
    return { ...emptySettings, slots: null }
  }
  const { capacity, process_capacity, min_capacity, allows_overlap, disposes, labware_types, max_height_mm, slots, type, description, uri, ...rest } = given
  const count = (name: string, value: unknown, most: number): number | null => {
    if (value === undefined || value === null) return null
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value
    report(`${pointer}/${name}`, `must be a whole number from 0 to ${most}`)
    return null
  }
  if (capacity === undefined || capacity === null) report(`${pointer}/capacity`, 'is required: the number of slots of the device; 0 is allowed')
  if (allows_overlap !== undefined && allows_overlap !== null && typeof allows_overlap !== 'boolean') {
    report(`${pointer}/allows_overlap`, 'must be true or false')
  }
  for (const [name, text] of Object.entries({ type, uri })) {
    if (typeof text === 'string' && !isLine(text)) report(`${pointer}/${name}`, 'must not contain control characters')
  }
  if (typeof description === 'string' && !isLines(description)) report(`${pointer}/description`, 'must not contain control characters other than line breaks')
  checkTexts({ type, description, uri }, pointer, report)
  const slotCount = count('capacity', capacity, maxSlots)
  const extra = orNull({ ...rest, ...notTexts({ type, description, uri }) })
  checkExtra(extra, pointer, report)
  return {
    ...texts({ type: typeof type === 'string' ? composed(type) : type, description, uri }),
    capacity: slotCount ?? 0,
    process_capacity: count('process_capacity', process_capacity, maxInteger),
    min_capacity: count('min_capacity', min_capacity, maxInteger),
    allows_overlap: typeof allows_overlap === 'boolean' ? allows_overlap : null,
    disposes: readFlag(disposes, `${pointer}/disposes`, report),
    labware_types: readTypeList(labware_types, `${pointer}/labware_types`, report),
    max_height_mm: readMillimetres(max_height_mm, `${pointer}/max_height_mm`, report),
    slots: readSlots(slots, slotCount, `${pointer}/slots`, report),
    extra
  }
}

const emptySettings: DeviceSettings = {
  type: null, description: null, uri: null, capacity: 0, process_capacity: null, min_capacity: null, allows_overlap: null,
  disposes: false, labware_types: null, max_height_mm: null, extra: null
}

type Texts = Pick<DeviceSettings, 'type' | 'description' | 'uri'>

// A type, description or uri that is not text is kept unchanged as an unknown member.
function texts (members: Record<keyof Texts, unknown>): Texts {
  const { type, description, uri } = members
  return { type: textOrNull(type), description: textOrNull(description), uri: textOrNull(uri) }
}

function notTexts (members: Record<keyof Texts, unknown>): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null && typeof value !== 'string'))
}

function textOrNull (value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function orNull (members: Members): Members | null {
  return Object.keys(members).length === 0 ? null : members
}
