import { OperatorError } from '../domain/operator-error.ts'
import type { OldDatabase, OldRow } from './old-database.ts'

// The tables of Platform Status DB (PyPI package platformstatusdb, Django app job_logs), after its migrations 0006 to 0011.
// SQLite stores booleans as 0 and 1, UUIDs as 32 hexadecimal digits, and times as text in UTC; PostgreSQL has types for them. The
// casts give the same values for both.

export type OldDevice = { id: number, name: string, slots: number, uri: string | null, certificate: string | null }
export type OldPosition = { id: number, device: number, slot: number, deep_well_suited: boolean }
export type OldContainer = {
  id: number, barcode: string, lidded: boolean, removed: boolean, position: number, lid_position: number | null, starting_position: number
  labware_uuid: string | null, project: number | null
}
export type OldProcess = { id: number, name: string, source: string, uuid: string | null }
export type OldExperiment = { id: number, uuid: string | null, process: number, project: number | null }
export type OldProject = { id: number, name: string, pi: string }
/** `start` and `finish` are texts in UTC. `move` is null for other steps. */
export type OldStep = {
  id: number, start: string, finish: string, device: number, container: number | null, experiment: number | null, is_simulation: boolean
  parameters: string, move: { origin: number, destination: number, lidded_before: boolean, lidded_after: boolean, barcode_read: boolean } | null
}

/** Everything except the steps. */
export type OldLab = {
  /** Identifies this database and its copies. It does not change when the database grows. */
  identity: string
  devices: OldDevice[]
  positions: OldPosition[]
  containers: OldContainer[]
  processes: OldProcess[]
  experiments: OldExperiment[]
  projects: OldProject[]
  /** The finish of the newest step of each container, as text in UTC. */
  last_seen: ReadonlyMap<number, string>
  steps: number
  moves: number
  /** Rows of moves whose step was deleted, and rows of results, which this service does not store. */
  orphan_moves: number
  results: number
}

const needed: Readonly<Record<string, readonly string[]>> = {
  job_logs_device: ['id', 'lara_name', 'num_slots'],
  job_logs_position: ['id', 'device_id', 'slot_number'],
  job_logs_container: ['id', 'barcode', 'lidded', 'removed', 'current_pos_id', 'starting_pos_id', 'lid_pos_id'],
  job_logs_process: ['id', 'name', 'pythonlab_description', 'process_uuid'],
  job_logs_experiment: ['id', 'experiment_uuid', 'process_id'],
  job_logs_processstep: ['id', 'start', 'finish', 'executing_device_id', 'container_id', 'experiment_id', 'is_simulation', 'parameters'],
  job_logs_movestep: ['processstep_ptr_id', 'origin_id', 'destination_id', 'lidded_before', 'lidded_after', 'barcode_read']
}

/** Reads everything except the steps. Throws an OperatorError if this is not a database of Platform Status DB. */
export async function readOldLab (database: OldDatabase): Promise<OldLab> {
  const columns = await readColumns(database)
  const has = (table: string, column: string): string => columns.get(table)!.has(column) ? column : 'NULL'
  const read = async <T>(sql: string, map: (row: OldRow) => T): Promise<T[]> => (await database.rows(sql)).map(map)
  const count = async (sql: string): Promise<number> => number((await database.rows(`SELECT CAST(count(*) AS integer) AS n FROM ${sql}`))[0]!.n)
  const isThere = async (table: string): Promise<boolean> => (await database.columns(table)).size > 0

  return {
    identity: await identityOf(database),
    devices: await read(`SELECT id, lara_name, num_slots, ${has('job_logs_device', 'lara_uri')} AS uri,
        ${has('job_logs_device', 'server_certificate')} AS certificate FROM job_logs_device ORDER BY id`,
    (row) => ({
      id: number(row.id), name: text(row.lara_name), slots: number(row.num_slots), uri: maybeText(row.uri), certificate: maybeText(row.certificate)
    })),
    positions: await read(`SELECT id, device_id, slot_number, CAST(${has('job_logs_position', 'deep_well_suited')} AS integer) AS deep
        FROM job_logs_position ORDER BY id`,
    (row) => ({ id: number(row.id), device: number(row.device_id), slot: number(row.slot_number), deep_well_suited: yes(row.deep) })),
    containers: await read(`SELECT id, barcode, CAST(lidded AS integer) AS lidded, CAST(removed AS integer) AS removed, current_pos_id, lid_pos_id,
        starting_pos_id, CAST(${has('job_logs_container', 'labware_uuid')} AS text) AS labware, ${has('job_logs_container', 'project_id')} AS project
        FROM job_logs_container ORDER BY id`,
    (row) => ({
      id: number(row.id), barcode: text(row.barcode), lidded: yes(row.lidded), removed: yes(row.removed), position: number(row.current_pos_id),
      lid_position: maybe(row.lid_pos_id), starting_position: number(row.starting_pos_id), labware_uuid: uuid(row.labware), project: maybe(row.project)
    })),
    processes: await read('SELECT id, name, pythonlab_description AS source, CAST(process_uuid AS text) AS uuid FROM job_logs_process ORDER BY id',
      (row) => ({ id: number(row.id), name: text(row.name), source: text(row.source), uuid: uuid(row.uuid) })),
    experiments: await read(`SELECT id, CAST(experiment_uuid AS text) AS uuid, process_id, ${has('job_logs_experiment', 'project_id')} AS project
        FROM job_logs_experiment ORDER BY id`,
    (row) => ({ id: number(row.id), uuid: uuid(row.uuid), process: number(row.process_id), project: maybe(row.project) })),
    projects: await isThere('job_logs_project')
      ? await read('SELECT id, name, pi FROM job_logs_project', (row) => ({ id: number(row.id), name: text(row.name), pi: text(row.pi) }))
      : [],
    last_seen: new Map(await read(`SELECT container_id, CAST(max(finish) AS text) AS finish FROM job_logs_processstep
        WHERE container_id IS NOT NULL GROUP BY container_id`, (row): [number, string] => [number(row.container_id), text(row.finish)])),
    steps: await count('job_logs_processstep'),
    moves: await count('job_logs_movestep'),
    orphan_moves: await count('job_logs_movestep m WHERE NOT EXISTS (SELECT 1 FROM job_logs_processstep s WHERE s.id = m.processstep_ptr_id)'),
    results: await isThere('job_logs_result') ? await count('job_logs_result') : 0
  }
}

/** Reads the steps in pieces. Rows that may report the same step, once per container, follow each other. */
export async function * readOldSteps (database: OldDatabase, size: number): AsyncGenerator<OldStep[]> {
  const sql = `SELECT s.id, CAST(s.start AS text) AS start, CAST(s.finish AS text) AS finish, s.executing_device_id, s.container_id, s.experiment_id,
      CAST(s.is_simulation AS integer) AS is_simulation, s.parameters, m.processstep_ptr_id AS move, m.origin_id, m.destination_id,
      CAST(m.lidded_before AS integer) AS lidded_before, CAST(m.lidded_after AS integer) AS lidded_after, CAST(m.barcode_read AS integer) AS barcode_read
    FROM job_logs_processstep s LEFT JOIN job_logs_movestep m ON m.processstep_ptr_id = s.id
    ORDER BY s.start, s.finish, s.executing_device_id, s.experiment_id, s.id`
  for await (const piece of database.pieces(sql, size)) yield piece.map(stepOf)
}

function stepOf (row: OldRow): OldStep {
  return {
    id: number(row.id), start: text(row.start), finish: text(row.finish), device: number(row.executing_device_id), container: maybe(row.container_id),
    experiment: maybe(row.experiment_id), is_simulation: yes(row.is_simulation), parameters: text(row.parameters),
    move: maybe(row.move) === null ? null : {
      origin: number(row.origin_id), destination: number(row.destination_id),
      lidded_before: yes(row.lidded_before), lidded_after: yes(row.lidded_after), barcode_read: yes(row.barcode_read)
    }
  }
}

async function readColumns (database: OldDatabase): Promise<Map<string, ReadonlySet<string>>> {
  const columns = new Map<string, ReadonlySet<string>>()
  for (const table of Object.keys(needed)) columns.set(table, await database.columns(table))
  const missing = Object.entries(needed).flatMap(([table, wanted]) => wanted.filter((column) => !columns.get(table)!.has(column)).map((column) => `${table}.${column}`))
  if (missing.length === 0) return columns
  throw new OperatorError([...columns.values()].every(({ size }) => size === 0)
    ? `${database.name} is not a database of Platform Status DB: it has no tables job_logs_*.`
    : `${database.name} is from an older Platform Status DB (${missing.slice(0, 3).join(', ')} missing): update it with platformstatusdb 0.3.0: ` +
      'run `python -m platform_status_db.manage migrate`, then import it.')
}

/** The time of the first Django migration, to the microsecond. */
async function identityOf (database: OldDatabase): Promise<string> {
  if ((await database.columns('django_migrations')).size === 0) return 'unknown'
  const [first] = await database.rows("SELECT CAST(applied AS text) AS applied FROM django_migrations WHERE app = 'job_logs' ORDER BY id LIMIT 1")
  return first === undefined ? 'unknown' : text(first.applied)
}

type Value = OldRow[string] | undefined

function number (value: Value): number {
  return Number(value)
}

function maybe (value: Value): number | null {
  return value === null || value === undefined ? null : Number(value)
}

// SQLite does not enforce column types: a text column may contain numbers or bytes.
function text (value: Value): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value)
}

function maybeText (value: Value): string | null {
  return value === null || value === undefined ? null : text(value)
}

function yes (value: Value): boolean {
  return Number(value) === 1
}

/** A UUID with dashes; null if the value is not a UUID. */
function uuid (value: Value): string | null {
  const digits = text(value ?? '').replaceAll('-', '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(digits)) return null
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
