import type { Container } from '../../api/generated/schema.d.ts'

/** `orders`: the two orders in words. An arrow says of times the one or the contrary, as somebody reads it. */
export type Column = { key: 'barcode' | 'name' | 'place' | 'lid' | 'type' | 'changed', name: string, orders: readonly [string, string] }

const byLetter = ['A to Z', 'Z to A'] as const

export const columns: readonly Column[] = [
  { key: 'barcode', name: 'Barcode', orders: byLetter }, { key: 'name', name: 'Name', orders: byLetter }, { key: 'place', name: 'Place', orders: ['first to last', 'last to first'] },
  { key: 'lid', name: 'Lid', orders: ['on first', 'on last'] }, { key: 'type', name: 'Type', orders: byLetter }, { key: 'changed', name: 'Last change', orders: ['newest first', 'oldest first'] }
]

/** How the list is sorted: the name of a column; with a minus before it, the other way round. As in the API. */
export type Sort = { column: Column, order: 1 | -1 }

export function sortOf (text: string | null): Sort {
  const key = text?.replace(/^-/, '')
  const column = columns.find((one) => one.key === key)
  return column === undefined ? { column: columns[2]!, order: 1 } : { column, order: text!.startsWith('-') ? -1 : 1 }
}

export function sortText ({ column, order }: Sort): string {
  return `${order === 1 ? '' : '-'}${column.key}`
}

/** The order of a column in words. */
export function orderWords ({ column, order }: Sort): string {
  return column.orders[order === 1 ? 0 : 1]
}

/** What the order is of the values themselves: the newest first is from the highest to the lowest. */
export function ariaSortOf ({ column: { key }, order }: Sort): 'ascending' | 'descending' {
  const isFromHighest = key === 'changed' || key === 'lid'
  return (order === 1) === isFromHighest ? 'descending' : 'ascending'
}

/** Each way to sort the list, with its words. */
export const sorts: readonly (readonly [text: string, words: string])[] = columns.flatMap((column) =>
  ([1, -1] as const).map((order) => [sortText({ column, order }), `${column.name}, ${orderWords({ column, order })}`] as const))

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
