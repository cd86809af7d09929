export const exportKinds = ['steps', 'containers', 'events'] as const
export type ExportKind = typeof exportKinds[number]

/** A column of a table, and how to read its cell off a thing. */
export type CsvColumn = { name: string, of: (thing: Record<string, unknown>) => unknown }

const plain = (...names: string[]): CsvColumn[] => names.map((name) => ({ name, of: (thing) => thing[name] }))

/** A place becomes two columns. */
const place = (name: string): CsvColumn[] => ['device', 'position'].map((member) => ({
  name: `${name}_${member}`, of: (thing) => (thing[name] as Record<string, unknown> | null)?.[member]
}))

const named: CsvColumn = { name: 'containers', of: ({ containers }) => (containers as { named: string }[]).map(({ named }) => named).join('; ') }

/** What the tables of an export have; members of members are JSON. */
export const columnsOf: Readonly<Record<ExportKind, readonly CsvColumn[]>> = {
  steps: [
    ...plain('id', 'kind', 'name', 'fct', 'device', 'status', 'start', 'finish', 'duration_seconds', 'experiment_id'), named,
    ...place('origin'), ...place('destination'), ...plain('lidded_before', 'lidded_after', 'barcode_read', 'is_simulation', 'data', 'warnings', 'created_at', 'updated_at', 'version')
  ],
  containers: [
    ...plain('id', 'name', 'barcode', 'device', 'position', 'starting_device', 'starting_position', 'lidded'), ...place('lid'),
    ...plain('filled', 'content', 'labware_type', 'labware_uuid', 'is_reagent', 'removed_at', 'created_at', 'updated_at', 'version')
  ],
  events: plain('revision', 'recorded_at', 'kind', 'actor', 'reason', 'request_id', 'container_id', 'device_id', 'step_id', 'experiment_id', 'before', 'after')
}

/** A line as RFC 4180 has it: CRLF at the end, quotes where they are needed. */
export function csvLine (cells: readonly unknown[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`
}

// Spreadsheets take a cell that begins so for a formula, which may run commands; an apostrophe makes it text.
const formula = /^[=+\-@\t\r]/
const isNumber = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function cellOf (value: unknown): string {
  const said = value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  const text = formula.test(said) && !isNumber.test(said) ? `'${said}` : said
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
