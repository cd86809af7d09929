import { safeText } from './safe-text.ts'

/** Formats rows as aligned lines below a header. Columns of numbers (`-` for none) are aligned right. */
export function tableOf (head: readonly string[], texts: readonly (readonly string[])[]): string[] {
  const rows = texts.map((row) => row.map(safeText))
  const columns = head.map((title, column) => {
    const cells = rows.map((row) => row[column]!)
    const width = Math.max(title.length, ...cells.map(({ length }) => length))
    return { width, isNumeric: cells.some((cell) => /\d/.test(cell)) && cells.every((cell) => /^-?[\d.]*$/.test(cell)) }
  })
  return [head, ...rows].map((line) => columns.map(({ width, isNumeric }, column) => {
    return isNumeric ? line[column]!.padStart(width) : line[column]!.padEnd(width)
  }).join('  ').trimEnd())
}
