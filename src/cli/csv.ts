import { writeExactly } from '../domain/whole-numbers.ts'

/** A line of CSV (RFC 4180): it ends with CRLF; a cell is quoted only if needed. Nested values are written as JSON. */
export function csvLine (cells: readonly unknown[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`
}

// Spreadsheets read cells with these first characters as formulas, which can run commands. An apostrophe makes them text.
const formula = /^[=+\-@\t\r]/
const isNumber = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function cellOf (value: unknown): string {
  const cell = value === undefined || value === null ? '' : typeof value === 'string' ? value : writeExactly(value)
  const text = formula.test(cell) && !isNumber.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
