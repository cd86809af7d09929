import sqlite from 'node-sqlite3-wasm'
import pg from 'pg'
import t from 'tap'
import { openOldDatabase } from '../../src/import/open-old-database.ts'
import { aDatabase } from '../support/database.ts'
import { anOldDatabase, imported, runImport } from '../support/old-databases.ts'

/** The tables that Django makes in PostgreSQL, with the columns that the importer reads. */
const tables = {
  django_migrations: 'id bigint, app varchar, name varchar, applied timestamptz',
  job_logs_device: 'id bigint, num_slots integer, lara_name varchar, lara_uri varchar, server_certificate text',
  job_logs_position: 'id bigint, slot_number integer, deep_well_suited boolean, device_id bigint',
  job_logs_project: 'id bigint, name varchar, pi varchar',
  job_logs_container: 'id bigint, barcode varchar, lidded boolean, removed boolean, current_pos_id bigint, lid_pos_id bigint, starting_pos_id bigint, labware_uuid uuid, project_id bigint',
  job_logs_process: 'id bigint, name varchar, pythonlab_description text, process_uuid uuid',
  job_logs_experiment: 'id bigint, experiment_uuid uuid, process_id bigint, project_id bigint',
  job_logs_processstep: 'id bigint, start timestamptz, finish timestamptz, is_simulation boolean, parameters text, container_id bigint, executing_device_id bigint, experiment_id bigint',
  job_logs_movestep: 'processstep_ptr_id bigint, lidded_before boolean, lidded_after boolean, barcode_read boolean, uri_format varchar, destination_id bigint, origin_id bigint',
  job_logs_result: 'id bigint, content text, step_id bigint'
}

/** A PostgreSQL with the rows of a SQLite file. */
async function asPostgres (t: Parameters<typeof aDatabase>[0], file: string): Promise<string> {
  const url = await aDatabase(t)
  const client = new pg.Client({ connectionString: url, options: '-c TimeZone=UTC' })
  await client.connect()
  const source = new sqlite.Database(file, { readOnly: true })
  for (const [table, columns] of Object.entries(tables)) {
    await client.query(`CREATE TABLE ${table} (${columns})`)
    const names = columns.split(', ').map((column) => column.split(' ')[0])
    const rows = source.all(`SELECT ${names.join(', ')} FROM ${table}`).map((row) => row.finish === '0025-13-01 00:00:00' ? { ...row, finish: '0025-12-01 00:00:00' } : row)
    await client.query(`INSERT INTO ${table} SELECT ${names.join(', ')} FROM json_populate_recordset(NULL::${table}, $1)`, [JSON.stringify(rows, booleans)])
  }
  source.close()
  await client.end()
  return url
}

const flags = new Set(['deep_well_suited', 'lidded', 'removed', 'is_simulation', 'lidded_before', 'lidded_after', 'barcode_read'])
const booleans = (key: string, value: unknown): unknown => flags.has(key) ? value === 1 : value

t.test('PostgreSQL gives what SQLite gives', async (t) => {
  const file = await anOldDatabase(t, 'conflicts')
  const url = await asPostgres(t, file)
  const fromFile = await imported(await aDatabase(t), file, '--dry-run')
  const target = await aDatabase(t)
  const fromUrl = await imported(target, url)
  t.same(fromUrl.counts, fromFile.counts)
  t.same(fromUrl.conflicts.map(({ kind, count }) => [kind, count]), fromFile.conflicts.map(({ kind, count }) => [kind, count]))
  t.notMatch(fromUrl.source, /postgres:|@/, 'and the report tells no password')
  t.match((await imported(target, url)).counts, { containers: { added: 0 }, steps: { added: 0, known: fromUrl.counts.steps.added } })
})

t.test('the old database is opened to be read only', async (t) => {
  const database = await openOldDatabase(await asPostgres(t, await anOldDatabase(t, 'lab')))
  await t.rejects(database.rows('UPDATE job_logs_device SET num_slots = 0'), /read-only transaction/)
  await database.close()
})

t.test('what is no such database is refused, and the reason told', async (t) => {
  const url = await aDatabase(t)
  const target = { DATABASE_URL: url }
  t.match(await runImport(['--from', url], target), { code: 1, err: /is not a database of Platform Status DB: it has no tables job_logs_\*/ })
  const older = await asPostgres(t, await anOldDatabase(t, 'lab'))
  const client = new pg.Client({ connectionString: older })
  await client.connect()
  await client.query('ALTER TABLE job_logs_processstep DROP COLUMN parameters; ALTER TABLE job_logs_container DROP COLUMN project_id')
  await client.end()
  t.match(await runImport(['--from', older], target), { code: 1, err: /from an older Platform Status DB \(job_logs_processstep\.parameters missing\)/ })
  t.match(await runImport(['--from', 'postgresql://nobody:secret@127.0.0.1:1/old'], target), { code: 1, err: /^postgresql:\/\/127\.0\.0\.1:1\/old cannot be opened/ })
  t.match(await runImport(['--from', 'postgresql://a:b%%@host/x'], target), { code: 1, err: /not a valid URL|cannot be opened/ })
})
