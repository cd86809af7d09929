import type { TrackedDevice, TrackedLab } from '../domain/lab-diff.ts'
import type { Transaction } from './world.ts'

/** The lab as it is tracked, for a diff: its active devices, and the retired ones that bore one of the names last. */
export async function readTrackedLab (transaction: Transaction, names: readonly string[]): Promise<TrackedLab> {
  const [lab] = await transaction.$queryRaw<TrackedLab[]>`
    SELECT description, pythonlab_translation, extra,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('name', g.name, 'devices', g.devices) ORDER BY g.ordinal, g.name), '[]')
       FROM listed_group g) AS groups
    FROM lab`
  return { ...lab!, devices: await readTrackedDevices(transaction, names) }
}

async function readTrackedDevices (transaction: Transaction, names: readonly string[]): Promise<TrackedDevice[]> {
  return await transaction.$queryRaw<TrackedDevice[]>`
    SELECT * FROM (
      SELECT DISTINCT ON (d.name) d.id, d.name, d."group", d.type, d.description, d.uri, d.capacity, d.process_capacity, d.min_capacity,
        d.allows_overlap, d.extra, d.listed, d.retired_at IS NOT NULL AS retired, d.created_as, g.ordinal AS group_ordinal, d.ordinal
      FROM device d JOIN device_group g ON g.name = d."group"
      WHERE d.retired_at IS NULL OR d.name = ANY (${names}::text[])
      ORDER BY d.name, d.retired_at DESC NULLS FIRST
    ) latest ORDER BY group_ordinal, "group", ordinal, name`
}
