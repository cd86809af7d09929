import type { Container } from '../../api/generated/schema.d.ts'
import type { Field } from '../../parts/csv.ts'
import type { Column, Sort } from './sort.ts'

/** Whether a container is of those that somebody wants to see: one of its texts contains the filter. */
export function isShown ({ barcode, name, device, last_device, labware_type }: Container, filter: string): boolean {
  const wanted = filter.toLocaleLowerCase()
  return [barcode, name, device, last_device, labware_type].some((text) => text?.toLocaleLowerCase().includes(wanted) === true)
}

const byText = new Intl.Collator('en', { numeric: true })

/** The containers in the order of a column; places in the order of the lab file, and what has no place first, because somebody looks for it. */
export function sorted (containers: readonly Container[], { column: { key }, order }: Sort, devices: readonly string[]): Container[] {
  const ranks = new Map(devices.map((name, n) => [name, n]))
  const rank = ({ device }: Container): number => device === null ? -1 : ranks.get(device) ?? devices.length
  const compare: Record<Column['key'], (a: Container, b: Container) => number> = {
    barcode: (a, b) => byText.compare(a.barcode ?? a.name, b.barcode ?? b.name),
    name: (a, b) => byText.compare(a.name, b.name),
    place: (a, b) => rank(a) - rank(b) || (a.position ?? 0) - (b.position ?? 0),
    lid: (a, b) => Number(b.lidded) - Number(a.lidded),
    type: (a, b) => byText.compare(a.labware_type ?? '', b.labware_type ?? ''),
    changed: (a, b) => byText.compare(b.updated_at, a.updated_at)
  }
  return [...containers].sort((a, b) => order * compare[key](a, b))
}

const members = ['barcode', 'name', 'device', 'position', 'lidded', 'labware_type', 'content', 'missing_since', 'removed_at', 'updated_at'] as const

/** The containers as rows of a CSV file. */
export function labwareCsvRows (containers: readonly Container[]): Field[][] {
  return [[...members], ...containers.map((container) => members.map((member) => container[member]))]
}
