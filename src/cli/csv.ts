import { writeExactly } from '../domain/whole-numbers.ts'

export const exportKinds = ['steps', 'containers', 'events'] as const
export type ExportKind = typeof exportKinds[number]

/** A column of a table. `of` returns the cell of one item. */
export type CsvColumn = { name: string, of: (item: Record<string, unknown>) => unknown }

const plain = (...names: string[]): CsvColumn[] => names.map((name) => ({ name, of: (item) => item[name] }))

/** The two columns of a place. */
const place = (name: string): CsvColumn[] => ['device', 'position'].map((member) => ({
  name: `${name}_${member}`, of: (item) => (item[name] as Record<string, unknown> | null)?.[member]
}))

const containersColumn: CsvColumn = { name: 'containers', of: ({ containers }) => (containers as { named: string }[]).map(({ named }) => named).join('; ') }

/** The columns of each export. Nested members are written as JSON. */
export const csvColumns: Readonly<Record<ExportKind, readonly CsvColumn[]>> = {
  steps: [
    ...plain('id', 'kind', 'name', 'fct', 'device', 'status', 'start', 'finish', 'duration_seconds', 'experiment_id'), containersColumn,
    ...place('origin'), ...place('destination'), ...plain('lidded_before', 'lidded_after', 'barcode_read', 'is_simulation', 'data', 'warnings', 'created_at', 'updated_at', 'version'),
    // New columns come last, so that those before them stay where they are.
    ...plain('paused_at', 'paused_seconds', 'active_seconds', 'attempt', 'expected_seconds', 'error', 'session')
  ],
  containers: [
    ...plain('id', 'name', 'barcode', 'device', 'position', 'starting_device', 'starting_position', 'lidded'), ...place('lid'),
    ...plain('filled', 'content', 'labware_type', 'labware_uuid', 'is_reagent', 'removed_at', 'missing_since', 'last_device', 'last_position', 'created_at', 'updated_at', 'version')
  ],
  events: plain('revision', 'recorded_at', 'kind', 'actor', 'reason', 'request_id', 'container_id', 'device_id', 'step_id', 'experiment_id', 'before', 'after')
}

/** A line of CSV (RFC 4180): it ends with CRLF; a cell is quoted only if needed. */
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
