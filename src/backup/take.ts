import { createReadStream, statSync } from 'node:fs'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { OperatorError } from '../domain/operator-error.ts'
import { migrationLock } from '../store/migrate.ts'
import { writeAtomically } from '../terminal/atomic-file.ts'
import { serviceVersion } from '../version.ts'
import { copyOut, quoted, readSequences, readTables, type Table } from './catalogue.sql.ts'
import { inBackupTransaction } from './connect.ts'
import { type Contents, type SavedMigration, writeText } from './format.ts'
import { readBackup } from './read.ts'
import { recordBackup } from './record.sql.ts'

/** Called after each table with its number of rows. The next table waits for the result. */
export type OnTable = (table: { name: string, rows: number }) => unknown

type BackupOptions = { url: string, signal?: AbortSignal, onTable?: OnTable }

/**
 * Writes a consistent snapshot of the whole database to a file, without blocking writers. The file appears only when it is
 * complete, synced, and verified by reading it back. Only its owner can read it, because it contains certificates and key
 * hashes. The database notes that there is this backup. Throws an OperatorError if the file exists (unless `overwrite`), if the
 * database is not from this service, and if the disk is full.
 */
export async function takeBackup ({ file, overwrite, ...options }: BackupOptions & { file: string, overwrite: boolean }): Promise<Contents> {
  const contents = await writeAtomically(file, { overwrite }, async (sink, path) => {
    const contents = await writeBackup({ ...options, sink })
    const { sha256 } = await readBackup(createReadStream(path))
    if (sha256 !== contents.sha256) throw new OperatorError('The backup could not be read back correctly: check the disk.')
    return contents
  })
  await note(options.url, contents, statSync(file).size)
  return contents
}

/** Writes the backup to a stream and closes it. Its last line proves that it is complete. The database notes it, too. */
export async function streamBackup (options: BackupOptions & { sink: Writable }): Promise<Contents> {
  const contents = await writeBackup(options)
  await note(options.url, contents, null)
  return contents
}

/** There is the backup, whether the database can note it or not. */
async function note (url: string, contents: Contents, bytes: number | null): Promise<void> {
  await inBackupTransaction(url, 'BEGIN', async (client) => await recordBackup(client, contents, bytes)).catch(() => {})
}

async function writeBackup ({ url, sink, signal, onTable = () => {} }: BackupOptions & { sink: Writable }): Promise<Contents> {
  return await inBackupTransaction(url, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', async (client) => {
    const tables = await beginSnapshot(client)
    let contents: Contents | undefined
    const about = { ...await describe(client), tables: tables.map(({ name, columns }) => ({ name, columns })) }
    const text = writeText(about, ({ name }) => rowsOf(client, tables.find((table) => table.name === name)!, onTable), (result) => { contents = result })
    await pipeline(Readable.from(text), createGzip(), sink, signal === undefined ? {} : { signal })
    return contents!
  })
}

/** Takes the snapshot and locks the tables against changes of the schema. The migration lock keeps migrations out in between. */
async function beginSnapshot (client: pg.Client): Promise<Table[]> {
  await client.query('SELECT pg_advisory_lock_shared($1)', [migrationLock])
  const tables = await readTables(client)
  if (!tables.some(({ name }) => name === '_prisma_migrations')) throw new OperatorError('There is nothing to back up: the database has no tables of this service. Start the service once with this database.')
  await client.query(`LOCK TABLE ${tables.map(({ name }) => quoted(name)).join(', ')} IN ACCESS SHARE MODE`)
  await client.query('SELECT pg_advisory_unlock_shared($1)', [migrationLock])
  return tables
}

async function describe (client: pg.Client) {
  const { rows: migrations } = await client.query<SavedMigration>(`
    SELECT migration_name AS name, checksum FROM _prisma_migrations
    WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name COLLATE "C"`)
  const { rows: [lab] } = await client.query<{ revision: number, postgresql: string }>(
    "SELECT revision::float8 AS revision, current_setting('server_version') AS postgresql FROM lab")
  return { created_at: new Date().toISOString(), service_version: serviceVersion(), ...lab!, migrations, sequences: await readSequences(client) }
}

async function * rowsOf (client: pg.Client, table: Table, onTable: OnTable): AsyncGenerator<Buffer> {
  const rows = client.query(copyTo(copyOut(table)))
  for await (const chunk of rows) yield chunk as Buffer
  await onTable({ name: table.name, rows: rows.rowCount })
}
