import { composed, isLines } from '../plain-text.ts'
import { escapePointer } from '../values.ts'
import { type ConfigFault, isMembers, type Members, type Report } from './members.ts'
import { deviceNameFault } from './names.ts'
import { checkExtra, checkTexts } from './sizes.ts'

// The labware types of a lab file: reading, checking, writing, and planning what changes. Pure functions.

/** Whether containers of a type have a lid. */
export type LidUse = 'none' | 'optional' | 'always'

/** A labware type; null if something is not said. `extra` contains all unknown members of the lab file. */
export type LabwareTypeSettings = {
  name: string
  description: string | null
  deep_well: boolean
  height_mm: number | null
  wells: number | null
  lid: LidUse | null
  extra: Members | null
}

export type LabwareTypeAction = 'add' | 'update' | 'delete' | 'unchanged'

/** The change of one type. `changed` names the members of a known type that change. */
export type LabwareTypeChange = { action: LabwareTypeAction, labware_type: string, changed: string[] }

export type LabwareTypePlan = { changes: LabwareTypeChange[], written: LabwareTypeSettings[], deleted: string[] }

export const mostTypes = 1000
export const mostMillimetres = 10_000
export const mostWells = 100_000
export const lidUses: readonly LidUse[] = ['none', 'optional', 'always']

/** The types of a lab file; null if it does not say any. */
export function readLabwareTypes (given: unknown, report: Report): LabwareTypeSettings[] | null {
  if (given === undefined || given === null) return null
  if (!isMembers(given)) {
    report('/labware_types', 'must be an object: the labware types of the lab, by name')
    return null
  }
  const names = new Set<string>()
  return Object.entries(given).map(([key, members]) => {
    const pointer = `/labware_types/${escapePointer(key)}`
    const name = composed(key)
    if (names.has(name)) report(pointer, 'a labware type with this name comes before; composed and decomposed characters are the same')
    names.add(name)
    const fault = deviceNameFault(name)
    if (fault !== null) report(pointer, `the name of a labware type ${fault}`)
    if (members !== null && !isMembers(members)) {
      report(pointer, 'must be an object with the members of the labware type; {} is allowed')
      return readLabwareType(name, {}, pointer, report)
    }
    return readLabwareType(name, members ?? {}, pointer, report)
  })
}

function readLabwareType (
  name: string, { description, deep_well, height_mm, wells, lid, ...extra }: Members, pointer: string, report: Report
): LabwareTypeSettings {
  checkTexts({ description }, pointer, report)
  checkExtra(extra, pointer, report)
  return {
    name,
    description: readDescription(description, pointer, report),
    deep_well: readFlag(deep_well, `${pointer}/deep_well`, report),
    height_mm: readMillimetres(height_mm, `${pointer}/height_mm`, report),
    wells: readWells(wells, pointer, report),
    lid: readLid(lid, pointer, report),
    extra: Object.keys(extra).length === 0 ? null : extra
  }
}

function readDescription (value: unknown, pointer: string, report: Report): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' && isLines(value)) return value
  report(`${pointer}/description`, 'must be text without control characters other than line breaks')
  return null
}

/** True or false; what is not said is false. */
export function readFlag (value: unknown, pointer: string, report: Report): boolean {
  if (value === undefined || value === null) return false
  if (typeof value === 'boolean') return value
  report(pointer, 'must be true or false')
  return false
}

/** A height; null if it is not said. */
export function readMillimetres (value: unknown, pointer: string, report: Report): number | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' && value > 0 && value <= mostMillimetres) return value
  report(pointer, `must be a number of millimetres above 0, at most ${mostMillimetres}`)
  return null
}

/** The names of the types that may stand somewhere; null if it is not said. */
export function readTypeList (value: unknown, pointer: string, report: Report): string[] | null {
  if (value === undefined || value === null) return null
  if (!Array.isArray(value) || value.length > mostTypes || value.some((name) => typeof name !== 'string')) {
    report(pointer, `must be a list of at most ${mostTypes} names of labware types; leave it out to allow any type`)
    return null
  }
  const names = (value as string[]).map(composed)
  const twice = names.findIndex((name, index) => names.indexOf(name) < index)
  if (twice >= 0) report(`${pointer}/${twice}`, 'is listed twice')
  return names
}

function readWells (value: unknown, pointer: string, report: Report): number | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= mostWells) return value
  report(`${pointer}/wells`, `must be a whole number from 1 to ${mostWells}`)
  return null
}

function readLid (value: unknown, pointer: string, report: Report): LidUse | null {
  if (value === undefined || value === null) return null
  const found = lidUses.find((one) => one === value)
  if (found === undefined) report(`${pointer}/lid`, 'must be none, optional or always')
  return found ?? null
}

const compared = ['description', 'deep_well', 'height_mm', 'wells', 'lid', 'extra'] as const satisfies readonly (keyof LabwareTypeSettings)[]

/** Plans how the tracked types become like those of a lab file. A file that says no types changes none. Without `prune`, types that are not in the file are kept. */
export function planLabwareTypes (
  wanted: readonly LabwareTypeSettings[] | null, tracked: readonly LabwareTypeSettings[], { prune }: { prune: boolean }
): LabwareTypePlan {
  if (wanted === null) return { changes: [], written: [], deleted: [] }
  const known = new Map(tracked.map((type) => [type.name, type]))
  const changes = wanted.map((type) => changeOfType(known.get(type.name), type))
  const named = new Set(wanted.map(({ name }) => name))
  const deleted = prune ? tracked.map(({ name }) => name).filter((name) => !named.has(name)) : []
  return {
    changes: [...changes, ...deleted.map((name): LabwareTypeChange => ({ action: 'delete', labware_type: name, changed: [] }))],
    written: wanted.filter((_, index) => changes[index]!.action !== 'unchanged'),
    deleted
  }
}

function changeOfType (before: LabwareTypeSettings | undefined, after: LabwareTypeSettings): LabwareTypeChange {
  const changed = before === undefined ? [] : compared.filter((member) => JSON.stringify(before[member]) !== JSON.stringify(after[member]))
  return { action: before === undefined ? 'add' : changed.length > 0 ? 'update' : 'unchanged', labware_type: after.name, changed }
}

/** Why the names of types are not accepted: those that no labware type has. */
export function unknownTypeFaults (names: readonly string[] | null | undefined, known: ReadonlySet<string>, pointer: string): ConfigFault[] {
  return (names ?? []).flatMap((name, index) => known.has(name) ? [] : [{ in: 'body', pointer: `${pointer}/${index}`, detail: unknownTypeDetail(name) }])
}

function unknownTypeDetail (name: string): string {
  return `names no labware type of the lab: "${name}". GET /api/labware-types lists them, and PUT /api/labware-types/{name} or \`labware_types\` in the lab file adds one`
}
