import { statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { OperatorError } from '../domain/operator-error.ts'
import { databaseFault } from '../store/errors.ts'
import {
  applyWithin, checkServerVersion, isBeforeFirstRelease, type Migration, migrationLock, migrationTable, readMigrations
} from '../store/migrate.ts'
import { copyIn, copyOut, quoted, readDrops, readTables, triggerStatements } from './catalogue.sql.ts'
import { inBackupTransaction } from './connect.ts'
import { alteredError, type Contents, type TableDigest, counter, cutOffError, type Header } from './format.ts'
import { partsOf, readBackup } from './read.ts'
import { recordBackup } from './record.sql.ts'
import type { OnTable } from './take.ts'
import { refuseTarget } from './target.sql.ts'

/** `migrations` are those applied after restoring an older backup; `left_out` are tables that this version does not know. */
export type Restored = Contents & { migrations: string[], left_out: TableDigest[] }

type RestoreOptions = { url: string, file: string, migrations: string, replace: boolean, signal?: AbortSignal, onTable?: OnTable }

/**
 * Replaces the contents of the database by a backup, in one transaction. First the whole file is verified. Then the schema of
 * that time is created, filled, compared with the row counts and checksums of the backup, and migrated with the directory
 * `migrations`. Throws an OperatorError if the file is not a complete backup or is from a newer version, if the database
 * contains a lab (unless `replace`), and if a service uses it.
 */
export async function restoreBackup (options: RestoreOptions): Promise<Restored> {
  const { header } = await readBackup(options.file)
  const { then, since } = splitMigrations(header, await readMigrations(options.migrations))
  const restored = await withOperatorErrors(() => inBackupTransaction(options.url, 'BEGIN', async (client) => {
    await checkServerVersion(client)
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
    await refuseTarget(client, options)
    for (const statement of await readDrops(client)) await client.query(statement)
    await client.query(migrationTable)
    for (const { sql } of then) await client.query(sql)
    const filled = await fill(client, options)
    for (const migration of since) await applyWithin(client, migration)
    // The log goes back, so it is another one: who has read more of the old log must notice.
    await client.query('UPDATE lab SET log_id = gen_random_uuid()')
    // Receivers know what was delivered since the backup, and a copy of a lab is not the lab: nothing is sent until an administrator switches a webhook on.
    await client.query(`
      UPDATE webhook w SET cursor_revision = l.revision + 1, cursor_ordinal = 0, failures = 0, test_id = NULL, leased_by = NULL, leased_until = NULL,
        disabled_at = coalesce(w.disabled_at, now()), disabled_because = coalesce(w.disabled_because, 'restored'), version = w.version + 1
      FROM lab l`)
    // What was restored has a backup: this one.
    await recordBackup(client, filled, statSync(options.file).size)
    options.signal?.throwIfAborted()
    return { ...filled, migrations: since.map(({ name }) => name) }
  }))
  // Without statistics, the first queries would read whole tables. If this fails, only they are slow.
  await inBackupTransaction(options.url, 'BEGIN', (client) => client.query('ANALYZE')).catch(() => {})
  return restored
}

/** The migrations that the backup had (`then`), and the newer ones (`since`). */
function splitMigrations (header: Header, known: readonly Migration[]): { then: Migration[], since: Migration[] } {
  if (isBeforeFirstRelease(header.migrations.map(({ name }) => name))) {
    throw new OperatorError('The backup was made by a version of the service from before its first release, and this version cannot restore it. Nothing was changed. Restore it with the version that made it.')
  }
  const then = header.migrations.map(({ name, checksum }) => {
    const migration = known.find((one) => one.name === name)
    if (migration === undefined) throw new OperatorError(`The backup is newer than this version of the service: it has the migration ${name}. Restore it with version ${header.service_version} or newer.`)
    if (migration.checksum !== checksum) throw new OperatorError(`The migration ${name} is not the one that the backup was created with: restore it with the version that created it, ${header.service_version}.`)
    return migration
  })
  return { then, since: known.filter((migration) => !then.includes(migration)) }
}

async function fill (client: pg.Client, { file, signal, onTable = () => {} }: RestoreOptions): Promise<Contents & { left_out: TableDigest[] }> {
  const { off, on } = await triggerStatements(client)
  for (const statement of off) await client.query(statement)
  const tables = await readTables(client)
  // Removes the rows that migrations inserted.
  await client.query(`TRUNCATE ${tables.map(({ name }) => quoted(name)).join(', ')}`)

  let contents: Contents | undefined
  for await (const part of partsOf(file)) {
    if (part.kind === 'end') contents = part.contents
    if (part.kind !== 'table') continue
    if (tables.some(({ name }) => name === part.table.name)) {
      const rows = client.query(copyFrom(copyIn(part.table)))
      await pipeline(part.rows, rows, signal === undefined ? {} : { signal })
      await onTable({ name: part.table.name, rows: rows.rowCount })
    } else {
      // eslint-disable-next-line @typescript-eslint/no-unused-vars -- they are counted as they pass
      for await (const _rows of part.rows) continue
    }
  }
  if (contents === undefined) throw cutOffError()

  await client.query('SET CONSTRAINTS ALL IMMEDIATE')
  for (const { name, last_value } of contents.header.sequences) {
    await client.query('SELECT setval(to_regclass(quote_ident($1)), $2::bigint) WHERE to_regclass(quote_ident($1)) IS NOT NULL', [name, last_value])
  }
  for (const statement of on) await client.query(statement)

  const found: TableDigest[] = []
  for (const table of tables) found.push(await counted(client, copyOut(table), table.name))
  const left_out = contents.tables.filter(({ name }) => !tables.some((table) => table.name === name))
  const saved = contents.tables.filter((table) => !left_out.includes(table))
  const differing = saved.filter((table) => JSON.stringify(table) !== JSON.stringify(found.find(({ name }) => name === table.name)))
  if (differing.length > 0) throw differenceError(differing)
  return { ...contents, left_out }
}

async function counted (client: pg.Client, copy: string, name: string): Promise<TableDigest> {
  const { take, counted } = counter()
  for await (const chunk of client.query(copyTo(copy))) take(chunk as Buffer)
  return counted(name)
}

/** A violated constraint means that the file was edited, or that the constraint is newer than the data. */
async function withOperatorErrors<T> (work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const fault = databaseFault(error)
    if (fault?.constraint === undefined) throw error
    throw new OperatorError(`The data of the backup breaks the rule "${fault.constraint}" (${fault.detail ?? fault.message}): nothing was changed.`, { cause: error })
  }
}

function differenceError (tables: readonly TableDigest[]): OperatorError {
  return new OperatorError(`The restored data differs from the backup in ${tables.map(({ name }) => name).join(', ')}: nothing was changed. Please report this bug.`, { cause: alteredError() })
}
