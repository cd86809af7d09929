import type pg from 'pg'
import type { Contents } from './format.ts'

/**
 * Notes in the database that there is a backup of it, so that the service can say how old the newest one is. `bytes` is null for a backup that was
 * written to a stream and not read back. A database that was not upgraded yet has no table for it, and a standby takes no rows: both return false.
 */
export async function recordBackup (client: pg.ClientBase, { header, tables }: Contents, bytes: number | null): Promise<boolean> {
  const { rows: [can] } = await client.query<{ record: boolean }>("SELECT to_regclass('backup') IS NOT NULL AND NOT pg_is_in_recovery() AS record")
  if (!can!.record) return false
  // By the clock of this machine, which can be ahead of that of the database: no backup is from a time to come.
  await client.query(
    `INSERT INTO backup (taken_at, revision, rows, bytes) VALUES (least($1::timestamptz, clock_timestamp()), $2, $3, $4)
     ON CONFLICT ON CONSTRAINT backup_pkey DO NOTHING`,
    [header.created_at, header.revision, tables.reduce((sum, { rows }) => sum + rows, 0), bytes])
  return true
}
