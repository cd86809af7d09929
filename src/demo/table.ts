/** Rows as aligned lines under a head; numbers stand right. */
export function tableOf (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const lines = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => String(line[column]).length)))
  return lines.map((line) => line.map((cell, column) => {
    const isNumber = rows.length > 0 && typeof rows[0]![column] === 'number'
    return isNumber ? String(cell).padStart(widths[column]!) : String(cell).padEnd(widths[column]!)
  }).join('  ').trimEnd())
}
