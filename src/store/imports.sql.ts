import type { TrackedDevice } from '../domain/lab-file/lab-plan.ts'
import type { Transaction } from './lab-lock.ts'

// What an import reads from the lab before it plans; see src/import.

/** What to look up: the device names, container ids and barcodes that an import will use. */
export type ImportLookup = { devices: readonly string[], containers: readonly string[], barcodes: readonly string[] }

/** What was found. A reserved slot counts as occupied. */
export type TrackedThings = {
  devices: TrackedDevice[]
  certificates: { device: string, certificate: string }[]
  slots: { device: string, position: number, active: boolean, occupied: boolean }[]
  barcodes: string[]
  containers: { id: string, device: string | null, position: number | null, lidded: boolean, removed: boolean, missing: boolean }[]
}

export async function readTrackedThings (transaction: Transaction, { devices, containers, barcodes }: ImportLookup): Promise<TrackedThings> {
  return {
    devices: await transaction.$queryRaw<TrackedDevice[]>`
      SELECT d.id, d.name, d."group", d.type, d.description, d.uri, d.capacity, d.process_capacity, d.min_capacity, d.allows_overlap,
        d.disposes, d.labware_types, d.max_height_mm, d.extra, d.listed,
        d.retired_at IS NOT NULL AS retired, d.created_as
      FROM unnest(${devices}::text[]) AS input (name) JOIN device d ON d.id = latest_device_named(input.name)`,
    certificates: await transaction.$queryRaw<TrackedThings['certificates']>`
      SELECT name AS device, server_certificate AS certificate FROM device
      WHERE name = ANY (${devices}::text[]) AND retired_at IS NULL AND server_certificate IS NOT NULL`,
    slots: await transaction.$queryRaw<TrackedThings['slots']>`
      SELECT d.name AS device, p.slot_number AS position, p.active AND d.retired_at IS NULL AS active,
        pl.position_id IS NOT NULL OR EXISTS (
          SELECT FROM reserved_position rp JOIN reservation r ON r.id = rp.reservation_id
          WHERE rp.position_id = p.id AND r.expires_at > command_time()) AS occupied
      FROM unnest(${devices}::text[]) AS input (name)
      JOIN device d ON d.id = latest_device_named(input.name)
      JOIN position p ON p.device_id = d.id
      LEFT JOIN placement pl ON pl.position_id = p.id`,
    barcodes: (await transaction.$queryRaw<{ barcode: string }[]>`
      SELECT barcode FROM container WHERE removed_at IS NULL AND barcode = ANY (${barcodes}::text[])`).map(({ barcode }) => barcode),
    containers: await transaction.$queryRaw<TrackedThings['containers']>`
      SELECT id, device, position, lidded, removed_at IS NOT NULL AS removed, missing_since IS NOT NULL AS missing FROM container_state WHERE id = ANY (${containers}::uuid[])`
  }
}
