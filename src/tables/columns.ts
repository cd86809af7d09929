export const tableKinds = ['steps', 'containers', 'events', 'experiments'] as const
export type TableKind = typeof tableKinds[number]

/** What the cells of a column are. `json` are nested members, which are written as JSON. */
export type CellType = 'text' | 'time' | 'whole' | 'number' | 'truth' | 'json'

/** A column of a table. `of` returns the cell of one item, as the service tells it; null or undefined for none. */
export type TableColumn = { name: string, type: CellType, of: (item: Record<string, unknown>) => unknown }

function columns (type: CellType, ...names: string[]): TableColumn[] {
  return names.map((name) => ({ name, type, of: (item) => item[name] }))
}

/** The two columns of a place. */
function place (name: string): TableColumn[] {
  return [['device', 'text'], ['position', 'whole']].map(([member, type]) => ({
    name: `${name}_${member!}`, type: type as CellType, of: (item) => (item[name] as Record<string, unknown> | null)?.[member!]
  }))
}

const containersColumn: TableColumn = {
  name: 'containers', type: 'text', of: ({ containers }) => (containers as { named: string }[]).map(({ named }) => named).join('; ')
}

const versions = [...columns('time', 'created_at', 'updated_at'), ...columns('whole', 'version')]

/** The columns of each table, the same for the command line and over HTTP. New ones come last, so that those before them stay where they are. */
export const tableColumns: Readonly<Record<TableKind, readonly TableColumn[]>> = {
  steps: [
    ...columns('text', 'id', 'kind', 'name', 'fct', 'device', 'status'), ...columns('time', 'start', 'finish'), ...columns('number', 'duration_seconds'),
    ...columns('text', 'experiment_id'), containersColumn, ...place('origin'), ...place('destination'),
    ...columns('truth', 'lidded_before', 'lidded_after', 'barcode_read', 'is_simulation'), ...columns('json', 'data', 'warnings'), ...versions,
    ...columns('time', 'paused_at'), ...columns('number', 'paused_seconds', 'active_seconds'), ...columns('whole', 'attempt'),
    ...columns('number', 'expected_seconds'), ...columns('text', 'error', 'session')
  ],
  containers: [
    ...columns('text', 'id', 'name', 'barcode', 'device'), ...columns('whole', 'position'), ...columns('text', 'starting_device'), ...columns('whole', 'starting_position'),
    ...columns('truth', 'lidded'), ...place('lid'), ...columns('truth', 'filled'), ...columns('text', 'content', 'labware_type', 'labware_uuid'), ...columns('truth', 'is_reagent'),
    ...columns('time', 'removed_at', 'missing_since'), ...columns('text', 'last_device'), ...columns('whole', 'last_position'), ...versions
  ],
  events: [
    ...columns('whole', 'revision'), ...columns('time', 'recorded_at'),
    ...columns('text', 'kind', 'actor', 'reason', 'request_id', 'container_id', 'device_id', 'step_id', 'experiment_id'), ...columns('json', 'before', 'after')
  ],
  experiments: [
    ...columns('text', 'id', 'process_id'), { name: 'process', type: 'text', of: ({ process }) => (process as { name: string } | null)?.name }, ...columns('text', 'name', 'status'),
    ...columns('time', 'first_start', 'last_finish'), ...columns('number', 'duration_seconds', 'active_seconds', 'paused_seconds'), ...columns('time', 'paused_at'),
    ...columns('json', 'steps', 'metadata', 'warnings'), ...columns('text', 'session'), ...versions
  ]
}
