import { safeText } from './safe-text.ts'

/** Rows as aligned lines under a head, fit for a terminal; columns of numbers stand right. */
export function tableOf (head: readonly string[], texts: readonly (readonly string[])[]): string[] {
  const rows = texts.map((row) => row.map(safeText))
  const columns = head.map((title, column) => {
    const cells = rows.map((row) => row[column]!)
    const width = Math.max(title.length, ...cells.map(({ length }) => length))
    return { width, isNumeric: cells.length > 0 && cells.every((cell) => /^[\d.]*$/.test(cell)) }
  })
  return [head, ...rows].map((line) => columns.map(({ width, isNumeric }, column) => {
    return isNumeric ? line[column]!.padStart(width) : line[column]!.padEnd(width)
  }).join('  ').trimEnd())
}
