import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { OperatorError } from '../domain/operator-error.ts'

// The same advisory lock, table and checksums as `prisma migrate deploy`, so that both can be used on one database.
export const migrationLock = 72707369

export const migrationTable = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, finished_at timestamptz,
  migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`

export type AppliedMigration = { migration_name: string, checksum: string, finished_at: Date | null }
export type Migration = { name: string, sql: string, checksum: string }

export class MigrationError extends OperatorError {}

/** Whether a history is from before the first release, when 22 migrations became the baseline. No code can continue it. */
export function isBeforeFirstRelease (names: readonly string[]): boolean {
  return names.includes('20261123000000_tables')
}

/**
 * Applies the missing migrations and returns their names. Instances that start at the same time wait for each other. Each
 * migration is one transaction, so a failed one changes nothing. Throws a MigrationError for PostgreSQL before 15, for a
 * database from before the first release, for one that is newer than the code, and for one whose history differs.
 */
export async function migrate (pool: pg.Pool, directory: string): Promise<string[]> {
  const migrations = await readMigrations(directory)
  // A connection without statement timeout, unlike those of the pool: a migration, or waiting for one, can take long.
  const client = new pg.Client({ ...pool.options, connectionTimeoutMillis: 60_000, statement_timeout: 0, query_timeout: 0 })
  // The running query fails with the same error.
  client.on('error', () => {})
  await client.connect()
  try {
    await checkServerVersion(client)
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock])
    try {
      return await applyMissing(client, migrations)
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [migrationLock])
    }
  } finally {
    await client.end()
  }
}

export async function checkServerVersion (client: pg.ClientBase): Promise<void> {
  const { rows: [row] } = await client.query<{ number: number, name: string }>(
    "SELECT current_setting('server_version_num')::integer AS number, current_setting('server_version') AS name")
  if (row!.number < 150000) throw new MigrationError(`The database is PostgreSQL ${row!.name}; version 15 or newer is required.`)
}

async function applyMissing (client: pg.Client, migrations: readonly Migration[]): Promise<string[]> {
  // Created only if it is missing, because an up-to-date database may be a read-only standby.
  const { rows: [table] } = await client.query<{ known: boolean }>("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS known")
  if (!table!.known) await client.query(migrationTable)
  const { rows: applied } = await client.query<AppliedMigration>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at')
  refuseForeignHistory(applied, migrations)
  const missing = migrations.filter(({ name }) => !applied.some((row) => row.migration_name === name))
  for (const migration of missing) await apply(client, migration)
  return missing.map(({ name }) => name)
}

function refuseForeignHistory (applied: readonly AppliedMigration[], migrations: readonly Migration[]): void {
  if (isBeforeFirstRelease(applied.map((row) => row.migration_name))) {
    throw new MigrationError('The database was made by a version of the service from before its first release, and this version cannot convert it. The database was not changed. Use an empty one: name it in DATABASE_URL, or name another directory in DATA_DIR. To read the old data, run the version that made it.')
  }
  for (const row of applied) {
    const known = migrations.find(({ name }) => name === row.migration_name)
    if (known === undefined) throw new MigrationError(`The database is newer than this version of the service: it has the migration ${row.migration_name}. Start the newer version, or restore a backup from before.`)
    if (row.finished_at === null) throw new MigrationError(`The migration ${row.migration_name} was started by another tool and did not finish. See "prisma migrate resolve".`)
    if (known.checksum !== row.checksum) throw new MigrationError(`The migration ${row.migration_name} was changed after it was applied to this database.`)
  }
}

async function apply (client: pg.Client, migration: Migration): Promise<void> {
  await client.query('BEGIN')
  try {
    await applyWithin(client, migration)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

/** Applies a migration in the open transaction. */
export async function applyWithin (client: pg.ClientBase, { name, sql, checksum }: Migration): Promise<void> {
  await client.query(sql)
  await client.query(
    'INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count) VALUES ($1, $2, now(), $3, 1)',
    [randomUUID(), checksum, name])
}

/** The migrations of this code, in the order in which they are applied. */
export async function readMigrations (directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort()
  return await Promise.all(names.map(async (name) => {
    const file = await readFile(join(directory, name, 'migration.sql'))
    return { name, sql: file.toString('utf8'), checksum: createHash('sha256').update(file).digest('hex') }
  }))
}
