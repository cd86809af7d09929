import type { LabSettings } from '../domain/lab-file/lab-config.ts'
import type { LabParts, SaidDevice, SaidLabwareType } from '../domain/lab-file/lab-file.ts'
import type { TrackedDevice, TrackedLab } from '../domain/lab-file/lab-plan.ts'
import type { TrackedSlot } from '../domain/lab-file/slots.ts'
import { type Queryable, runPrepared } from './commands.ts'
import { Prisma } from './generated/client.ts'
import type { Transaction } from './lab-lock.ts'

/** The labware types in the form of the lab file, in their order. */
const labwareTypes = `(
      SELECT coalesce(json_agg(json_build_object('name', t.name, 'description', t.description, 'deep_well', t.deep_well, 'height_mm', t.height_mm,
        'wells', t.wells, 'lid', t.lid, 'extra', t.extra) ORDER BY t.ordinal, t.name), '[]')
      FROM labware_type t)`

/** The slots for which something is set. An index has only these. */
const saysSomething = '(p.deep_well_suited OR p.disposes_set IS NOT NULL OR p.labware_types IS NOT NULL OR p.max_height_mm IS NOT NULL)'

/** The tracked lab, for comparison with a lab file: the active devices, and retired devices that last had one of the names. */
export async function readTrackedLab (transaction: Transaction, names: readonly string[]): Promise<TrackedLab> {
  const [lab] = await transaction.$queryRaw<Omit<TrackedLab, 'devices' | 'slots'>[]>`
    SELECT description, pythonlab_translation, extra,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('name', g.name, 'devices', g.devices) ORDER BY g.ordinal, g.name), '[]')
       FROM group_state g) AS groups, ${Prisma.raw(labwareTypes)} AS labware_types
    FROM lab`
  const devices = await transaction.$queryRaw<TrackedDevice[]>`
    SELECT id, name, "group", type, description, uri, capacity, process_capacity, min_capacity, allows_overlap, disposes, labware_types, max_height_mm, extra, listed,
      retired, created_as
    FROM (
      SELECT DISTINCT ON (d.name) d.*, d.retired_at IS NOT NULL AS retired, g.ordinal AS group_ordinal
      FROM device d JOIN device_group g ON g.name = d."group"
      WHERE d.retired_at IS NULL OR d.name = ANY (${names}::text[])
      ORDER BY d.name, d.retired_at DESC NULLS FIRST
    ) latest
    ORDER BY group_ordinal, "group", ordinal, name`
  const slots = await transaction.$queryRaw<TrackedSlot[]>`
    SELECT p.device_id, p.slot_number AS position, p.deep_well_suited, p.disposes_set AS disposes, p.labware_types, p.max_height_mm
    FROM position p WHERE ${Prisma.raw(saysSomething)} ORDER BY p.device_id, p.slot_number`
  return { ...lab!, devices, slots }
}

/** The device that has a name, or had it last. Null when no device ever had it. */
export async function readTrackedDevice (transaction: Transaction, name: string): Promise<TrackedDevice | null> {
  const [device] = await transaction.$queryRaw<TrackedDevice[]>`
    SELECT id, name, "group", type, description, uri, capacity, process_capacity, min_capacity, allows_overlap, disposes, labware_types, max_height_mm, extra, listed,
      retired_at IS NOT NULL AS retired, created_as
    FROM device WHERE id = latest_device_named(${name})`
  return device ?? null
}

/** The tracked lab as a lab file says it: listed, active devices in their order. */
const present = `
    SELECT l.description, l.pythonlab_translation, l.extra,
      (SELECT coalesce(json_agg(json_build_object('name', g.name, 'devices', (
          SELECT coalesce(json_agg(json_build_object('name', d.name, 'capacity', d.capacity, 'process_capacity', d.process_capacity,
            'min_capacity', d.min_capacity, 'allows_overlap', d.allows_overlap, 'disposes', d.disposes, 'labware_types', d.labware_types,
            'max_height_mm', d.max_height_mm, 'type', d.type, 'description', d.description,
            'uri', d.uri, 'extra', d.extra, 'slots', (
              SELECT json_agg(json_build_object('position', p.slot_number, 'deep_well_suited', p.deep_well_suited, 'disposes', p.disposes_set,
                'labware_types', p.labware_types, 'max_height_mm', p.max_height_mm) ORDER BY p.slot_number)
              FROM position p WHERE p.device_id = d.id AND p.retired_at IS NULL AND ${saysSomething})) ORDER BY d.ordinal, d.name), '[]')
          FROM device d WHERE d."group" = g.name AND d.listed AND d.retired_at IS NULL)) ORDER BY g.ordinal, g.name), '[]')
       FROM group_state g) AS groups, ${labwareTypes} AS labware_types
    FROM lab l`

/** Most devices say little. Nulls inside of free members stay. */
const withoutNulls = (object: string): string => `(SELECT json_object_agg(m.key, m.value)::text FROM json_each(${object}) m WHERE json_typeof(m.value) <> 'null')`

/** One row for the lab, and one for each group, device and labware type, because all of them as one value would hold the event loop while it is parsed. */
const inRows = (config: string): string => `
  WITH config AS MATERIALIZED (${config}),
  member AS MATERIALIZED (
    SELECT g.value->>'name' AS name, g.value->'devices' AS devices, g.ordinality AS n FROM config CROSS JOIN LATERAL json_array_elements(config.groups) WITH ORDINALITY g
  )
  SELECT part, json FROM (
    SELECT 'lab' AS part, json_build_object('description', description, 'pythonlab_translation', pythonlab_translation, 'extra', extra)::text AS json, 0 AS n, 0 AS m FROM config
    UNION ALL
    SELECT 'group', name, n, 0 FROM member
    UNION ALL
    SELECT 'device', ${withoutNulls('d.value')}, member.n, d.ordinality FROM member CROSS JOIN LATERAL json_array_elements(member.devices) WITH ORDINALITY d
    UNION ALL
    SELECT 'labware type', ${withoutNulls('t.value')}, 0, t.ordinality FROM config CROSS JOIN LATERAL json_array_elements(config.labware_types) WITH ORDINALITY t
  ) AS rows
  ORDER BY n, m`

const presentInRows = inRows(present)
const earlierInRows = inRows('SELECT description, pythonlab_translation, extra, groups, labware_types FROM lab_config_at($1)')

/** What the lab file of a lab says, now or as of a revision. Devices and labware types are parsed when they are iterated. */
export async function readLabParts (database: Queryable, revision: number | null): Promise<LabParts> {
  const [text, values] = revision === null ? [presentInRows, []] : [earlierInRows, [revision]]
  const rows = await runPrepared<{ part: 'lab' | 'group' | 'device' | 'labware type', json: string }>(database, text, values)
  let lab: LabSettings | undefined
  const groups: { name: string, devices: Parsed<SaidDevice> }[] = []
  const types = new Parsed<SaidLabwareType>()
  for (const { part, json } of rows) {
    if (part === 'lab') lab = JSON.parse(json) as LabSettings
    else if (part === 'group') groups.push({ name: json, devices: new Parsed() })
    else if (part === 'device') groups.at(-1)!.devices.texts.push(json)
    else types.texts.push(json)
  }
  return { ...lab!, groups, labware_types: types }
}

/** JSON texts, parsed one after another in each iteration. */
class Parsed<T> {
  readonly texts: string[] = []
  get length (): number { return this.texts.length }
  * [Symbol.iterator] (): Generator<T> {
    for (const text of this.texts) yield JSON.parse(text) as T
  }
}
