export type Column = { key: 'barcode' | 'name' | 'place' | 'lid' | 'type' | 'changed', name: string }

export const columns: readonly Column[] = [
  { key: 'barcode', name: 'Barcode' }, { key: 'name', name: 'Name' }, { key: 'place', name: 'Place' }, { key: 'lid', name: 'Lid' }, { key: 'type', name: 'Type' },
  { key: 'changed', name: 'Last change' }
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

/** Each way to sort the list, with its words. */
export const sorts: readonly (readonly [text: string, words: string])[] = columns.flatMap((column) => [
  [sortText({ column, order: 1 }), column.name], [sortText({ column, order: -1 }), `${column.name}, the other way round`]
] as const)
