export type Field = string | number | boolean | null

/** Rows as CSV (RFC 4180). */
export function csvOf (rows: readonly (readonly Field[])[]): string {
  return rows.map((row) => row.map(fieldOf).join(',')).join('\r\n') + '\r\n'
}

function fieldOf (value: Field): string {
  const text = value === null ? '' : String(value)
  // A program for tables takes a text that begins like this for a formula.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Gives rows to the person as a file. */
export function downloadCsv (name: string, rows: readonly (readonly Field[])[]): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([csvOf(rows)], { type: 'text/csv' }))
  link.download = `${name}.csv`
  link.click()
  URL.revokeObjectURL(link.href)
}
