import type { LabRestoreResult } from '../contract/lab.ts'
import type { TrackedDevice } from '../domain/lab-file/lab-plan.ts'
import type { PlacedContainer, PresentContainer } from '../domain/lab-restore.ts'
import type { AuditContext } from './commands.ts'
import { Prisma } from './generated/client.ts'
import type { Transaction } from './lab-lock.ts'

// What a restore reads and writes. The caller holds the lab lock.

const settings = Prisma.raw('s.id, s.name, s."group", s.type, s.description, s.uri, s.capacity, s.process_capacity, s.min_capacity, s.allows_overlap, s.disposes, s.labware_types, s.max_height_mm, s.listed')
const properties = Prisma.raw('s.id, s.name, s.barcode, s.labware_type, s.labware_uuid, s.content, s.filled, s.is_reagent, s.lidded, s.missing_since')

/** The listed devices as of a revision. */
export async function devicesThen (transaction: Transaction, revision: number): Promise<TrackedDevice[]> {
  return await transaction.$queryRaw<TrackedDevice[]>`
    SELECT ${settings}, CASE WHEN d.extra::jsonb = s.extra::jsonb THEN d.extra ELSE s.extra END AS extra, false AS retired, d.created_as
    FROM device_state_at(${revision}::bigint) s JOIN device d ON d.id = s.id WHERE s.listed AND s.retired_at IS NULL ORDER BY s.name`
}

/** The devices with these ids, and all that are active. */
export async function devicesNow (transaction: Transaction, ids: readonly string[]): Promise<TrackedDevice[]> {
  return await transaction.$queryRaw<TrackedDevice[]>`
    SELECT ${settings}, s.extra, s.retired_at IS NOT NULL AS retired, s.created_as
    FROM device s WHERE s.retired_at IS NULL OR s.id = ANY (${ids}::uuid[]) ORDER BY s.name`
}

/** For each device, the lowest number of slots with which it keeps everything that is in it. */
export async function neededSlots (transaction: Transaction): Promise<Map<string, number>> {
  const rows = await transaction.$queryRaw<{ device: string, slots: number }[]>`
    SELECT p.device_id AS device, max(p.slot_number) + 1 AS slots FROM placement pl JOIN position p ON p.id = pl.position_id GROUP BY p.device_id`
  return new Map(rows.map(({ device, slots }) => [device, slots]))
}

type ListedType = { labware_type: string, device: string, position: number | null }

/** Of these labware types, those that an active device or slot lists, each with the first one that does. */
export async function typesInUse (transaction: Transaction, names: readonly string[]): Promise<ListedType[]> {
  return await transaction.$queryRaw<ListedType[]>`
    SELECT DISTINCT ON (t.name) t.name AS labware_type, u.device, u.position
    FROM unnest(${names}::text[]) AS t (name)
    JOIN (
      SELECT d.name AS device, NULL::integer AS position, d.labware_types FROM device d WHERE d.retired_at IS NULL
      UNION ALL
      SELECT d.name, p.slot_number, p.labware_types FROM position p JOIN device d ON d.id = p.device_id WHERE p.retired_at IS NULL AND d.retired_at IS NULL
    ) u ON t.name = ANY (u.labware_types)
    ORDER BY t.name, u.device, u.position NULLS FIRST`
}

/** The containers that were on the platform as of a revision. */
export async function containersThen (transaction: Transaction, revision: number): Promise<PlacedContainer[]> {
  return await transaction.$queryRaw<PlacedContainer[]>`
    SELECT ${properties}, e.position_id, e.lid_position_id,
      CASE WHEN s.missing_since IS NOT NULL THEN last_position_at(s.id, ${revision}::bigint) END AS last_position_id
    FROM container_state_at(${revision}::bigint) s CROSS JOIN LATERAL (
      SELECT position_id, lid_position_id FROM event WHERE container_id = s.id AND revision <= ${revision}::bigint ORDER BY revision DESC, ordinal DESC LIMIT 1
    ) e
    WHERE s.removed_at IS NULL ORDER BY s.created_at, s.id`
}

/** The containers with these ids, and all that are on the platform. */
export async function containersNow (transaction: Transaction, ids: readonly string[]): Promise<PresentContainer[]> {
  return await transaction.$queryRaw<PresentContainer[]>`
    SELECT ${properties}, s.removed_at IS NOT NULL AS removed, body.position_id, lid.position_id AS lid_position_id,
      s.last_position_id
    FROM container s
    LEFT JOIN placement body ON body.container_id = s.id AND body.part = 'body'
    LEFT JOIN placement lid ON lid.container_id = s.id AND lid.part = 'lid'
    WHERE s.removed_at IS NULL OR s.id = ANY (${ids}::uuid[])`
}

/** What is unusual about containers by their labware types and their barcodes, with pointers into the list of their ids. */
export async function restoreWarnings (transaction: Transaction, ids: readonly string[]): Promise<LabRestoreResult['warnings']> {
  return await transaction.$queryRaw<LabRestoreResult['warnings']>`
    WITH restored AS MATERIALIZED (
      SELECT c.id, t.n - 1 AS index, CASE WHEN c.removed_at IS NULL THEN c.barcode END AS barcode FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS t (id, n) JOIN container c ON c.id = t.id
    )
    SELECT w.code, '/containers/' || w.index AS pointer, w.detail FROM (
      SELECT r.index, w.nth, w.value->>'code' AS code, w.value->>'detail' AS detail
      FROM restored r CROSS JOIN LATERAL jsonb_array_elements(labware_warnings(r.id)) WITH ORDINALITY AS w (value, nth)
      UNION ALL
      SELECT (w.value->>'pointer')::bigint, 0, w.value->>'code', w.value->>'detail'
      FROM jsonb_array_elements(label_warnings((SELECT jsonb_agg(jsonb_build_object('id', r.id, 'barcode', r.barcode, 'pointer', r.index)) FROM restored r))) AS w (value)
    ) w ORDER BY w.index, w.nth`
}

export type SlotName = { id: string, device: string, position: number, active: boolean }

/** The names of slots, and whether the lab has them now. */
export async function slotNames (transaction: Transaction, ids: readonly string[]): Promise<Map<string, SlotName>> {
  const rows = await transaction.$queryRaw<SlotName[]>`
    SELECT p.id, d.name AS device, p.slot_number AS position, p.active AND d.retired_at IS NULL AS active
    FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = ANY (${ids}::uuid[])`
  return new Map(rows.map((row) => [row.id, row]))
}

export async function restoreContainers (
  transaction: Transaction, containers: readonly PlacedContainer[], { revision, ordinal }: { revision: number, ordinal: number }, audit: AuditContext
): Promise<void> {
  await transaction.$executeRaw`
    SELECT restore_containers(${JSON.stringify(containers)}::jsonb, ${revision}::bigint, ${ordinal}::integer, ${JSON.stringify(audit)}::jsonb)`
}

export async function recordRestored (
  transaction: Transaction, what: object, { revision, ordinal }: { revision: number, ordinal: number }, audit: AuditContext
): Promise<void> {
  await transaction.$executeRaw`
    SELECT record_lab_event(${revision}::bigint, ${ordinal}::integer, 'lab-restored', ${JSON.stringify(what)}::jsonb, ${JSON.stringify(audit)}::jsonb)`
}
