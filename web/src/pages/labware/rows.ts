import type { Container } from '../../api/generated/schema.d.ts'
import type { Field } from '../../parts/csv.ts'

/** Whether a container is of those that somebody wants to see: one of its texts contains the filter. */
export function isShown ({ barcode, name, device, last_device, labware_type }: Container, filter: string): boolean {
  const wanted = filter.toLocaleLowerCase()
  return [barcode, name, device, last_device, labware_type].some((text) => text?.toLocaleLowerCase().includes(wanted) === true)
}

const members = ['barcode', 'name', 'device', 'position', 'lidded', 'labware_type', 'content', 'missing_since', 'removed_at', 'updated_at'] as const

/** The containers as rows of a CSV file. */
export function labwareCsvRows (containers: readonly Container[]): Field[][] {
  return [[...members], ...containers.map((container) => members.map((member) => container[member]))]
}
