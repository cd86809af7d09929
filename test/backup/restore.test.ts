import { createWriteStream } from 'node:fs'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip, gunzipSync } from 'node:zlib'
import pg from 'pg'
import t, { type Test } from 'tap'
import { type Header, writeText } from '../../src/backup/format.ts'
import { restoreBackup } from '../../src/backup/restore.ts'
import { takeBackup } from '../../src/backup/take.ts'
import { migrate } from '../../src/store/migrate.ts'
import { aFolder, anEmptyDatabase, savedLab, migrations, sql } from '../support/backups.ts'
import { aDatabase } from '../support/database.ts'
import { aDump, aSavedDump } from '../support/dump.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'

/** The migrations and one further migration. */
async function withMigration (t: Test, text: string): Promise<string> {
  const directory = join(await aFolder(t), 'migrations')
  await cp(migrations, directory, { recursive: true })
  await mkdir(join(directory, '29990101000000_more'))
  await writeFile(join(directory, '29990101000000_more', 'migration.sql'), text)
  return directory
}

async function migrated (url: string, directory: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url })
  try {
    await migrate(pool, directory)
  } finally {
    await pool.end()
  }
}

/** The saved lab with changed text: the file is complete, but the service did not write it like this. */
async function aChangedBackup (t: Test, change: (header: Header, rows: Map<string, string>) => void): Promise<string> {
  const [first, ...lines] = gunzipSync(await readFile(savedLab)).toString('utf8').split('\n')
  const header = JSON.parse(first!) as Header
  const tables = lines.join('\n').split(/(?<=^|\n)\\\.\n/)
  const rows = new Map(header.tables.map(({ name }, index) => [name, tables[index]!]))
  change(header, rows)
  const file = join(await aFolder(t), 'forged')
  const text = writeText(header, ({ name }) => Readable.from([Buffer.from(rows.get(name)!)]), () => {})
  await pipeline(Readable.from(text), createGzip(), createWriteStream(file))
  return file
}

t.test('a database that holds something is refused, and replaced when that is asked for', async (t) => {
  const { url } = await aLabAtWork(t)
  const other = await anEmptyDatabase(t)
  await restoreBackup({ url: other, file: savedLab, migrations, replace: false })
  const [before, folder] = [await aDump(other), await aFolder(t)]
  const file = join(folder, 'lab')
  await takeBackup({ url, file, overwrite: false })
  await t.rejects(restoreBackup({ url: other, file, migrations, replace: false }), { message: /already contains a lab \(there are rows in device, container, .*--replace/ })
  t.same(await aDump(other), before)
  await restoreBackup({ url: other, file, migrations, replace: true })
  t.same(await aSavedDump(other), await aSavedDump(url))
})

t.test('a database on which a service was started once, and nothing done, counts as empty', async (t) => {
  const url = await aDatabase(t)
  t.match(await restoreBackup({ url, file: savedLab, migrations, replace: false }), { header: { revision: 30 } })
  t.match(await sql(url, 'SELECT revision::int FROM lab'), [{ revision: 30 }])
})

t.test('a database in use is refused, also to be replaced', async (t) => {
  const { url, get } = await aLabAtWork(t)
  const before = await aDump(url)
  await get('/health/ready')
  await t.rejects(restoreBackup({ url, file: savedLab, migrations, replace: true }), { message: 'A service uses the database: stop it, restore, and start it again.' })
  t.same(await aDump(url), before)
})

t.test('another program\'s database is refused, also to be replaced', async (t) => {
  const url = await anEmptyDatabase(t)
  await sql(url, 'CREATE TABLE invoices (id integer)')
  await t.rejects(restoreBackup({ url, file: savedLab, migrations, replace: true }), { message: /belongs to another program \(it has the tables invoices\)/ })
  await sql(url, 'CREATE TABLE a (); CREATE TABLE b (); CREATE TABLE c ()')
  await t.rejects(restoreBackup({ url, file: savedLab, migrations, replace: true }), { message: /the tables a, b, c, \.\.\.\)/ })
})

t.test('a backup from newer code, and one of a schema that is not ours, are refused', async (t) => {
  const url = await anEmptyDatabase(t)
  const directory = await withMigration(t, 'CREATE TABLE more (id integer PRIMARY KEY)')
  const newer = await anEmptyDatabase(t)
  await migrated(newer, directory)
  const file = join(await aFolder(t), 'newer')
  await takeBackup({ url: newer, file, overwrite: false })
  await t.rejects(restoreBackup({ url, file, migrations, replace: false }), { message: /newer than this version of the service: it has the migration 29990101000000_more/ })
  await writeFile(join(directory, '29990101000000_more', 'migration.sql'), '-- another')
  await t.rejects(restoreBackup({ url, file, migrations: directory, replace: false }), { message: /29990101000000_more is not the one/ })
  t.same(await sql(url, "SELECT FROM pg_tables WHERE schemaname = 'public'"), [], 'nothing is there')
})

t.test('what a later migration adds is carried along, whatever it is', async (t) => {
  const directory = await withMigration(t, `
    CREATE TYPE mood AS ENUM ('sunny', 'grey');
    CREATE DOMAIN short AS text CHECK (length(VALUE) < 20);
    CREATE TABLE a_note (
      key text PRIMARY KEY, mood mood, label short, number integer GENERATED ALWAYS AS IDENTITY, step_id uuid REFERENCES step (id), parent text REFERENCES a_note (key),
      bytes bytea, ratio double precision, span interval, facts jsonb, words text[], loud text GENERATED ALWAYS AS (upper(key)) STORED);
    CREATE TABLE without_key (a text, b integer);
    CREATE TABLE seeded (id integer PRIMARY KEY); INSERT INTO seeded VALUES (1), (2);
    CREATE FUNCTION refuse_notes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no more notes'; END $$;
    CREATE TRIGGER no_more AFTER INSERT ON a_note FOR EACH ROW WHEN (NEW.key = 'b') EXECUTE FUNCTION refuse_notes();
    CREATE TRIGGER asleep BEFORE DELETE ON a_note FOR EACH ROW EXECUTE FUNCTION refuse_notes();
    ALTER TABLE a_note ENABLE ALWAYS TRIGGER no_more, DISABLE TRIGGER asleep;
    CREATE MATERIALIZED VIEW note_count AS SELECT count(*) FROM a_note; CREATE SEQUENCE ticket; CREATE TYPE pair AS (a integer, b integer);`)
  const { url } = await aLabAtWork(t)
  await migrated(url, directory)
  await sql(url, `
    DELETE FROM seeded WHERE id = 1; SELECT nextval('ticket'), nextval('ticket');
    ALTER TABLE a_note DISABLE TRIGGER no_more;
    INSERT INTO a_note (key, mood, label, step_id, parent, bytes, ratio, span, facts, words) SELECT k, 'grey', E'tab\\there', (SELECT min(id::text)::uuid FROM step), p, '\\x00ff5c2e', 0.1::float8 / 3, '1 mon 2 days', '{"n":1e-7}', ARRAY[E'\\\\.', NULL, E'line\\nbreak']
    FROM (VALUES ('b', NULL), ('B', 'b'), ('ä', 'B'), (E'\\\\.', NULL)) v (k, p);
    ALTER TABLE a_note ENABLE ALWAYS TRIGGER no_more;
    INSERT INTO without_key VALUES ('b', 1), ('a', NULL), ('a', NULL)`)
  const file = join(await aFolder(t), 'lab')
  await takeBackup({ url, file, overwrite: false })
  const there = await anEmptyDatabase(t)
  await restoreBackup({ url: there, file, migrations: directory, replace: false })
  t.same(await aSavedDump(there), await aSavedDump(url))
  t.match(await sql(there, "SELECT nextval('ticket')::int AS ticket"), [{ ticket: 3 }])
  t.same(await sql(there, "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'a_note'::regclass AND NOT tgisinternal ORDER BY 1"), [{ tgname: 'asleep', tgenabled: 'D' }, { tgname: 'no_more', tgenabled: 'A' }])
  await t.rejects(sql(there, "INSERT INTO a_note (key) VALUES ('b')"))
  await restoreBackup({ url: there, file: savedLab, migrations, replace: true })
  const fresh = await anEmptyDatabase(t)
  await restoreBackup({ url: fresh, file: savedLab, migrations, replace: false })
  t.same(Object.keys(await aDump(there)), Object.keys(await aDump(fresh)), 'and all of it goes when it is replaced')
})

t.test('a table that the service does not know is in the backup, and said to be left out', async (t) => {
  const { url } = await aLabAtWork(t)
  await sql(url, 'CREATE TABLE mine (id integer PRIMARY KEY); INSERT INTO mine VALUES (1), (2)')
  const file = join(await aFolder(t), 'lab')
  await takeBackup({ url, file, overwrite: false })
  const there = await anEmptyDatabase(t)
  t.match(await restoreBackup({ url: there, file, migrations, replace: false }), { left_out: [{ name: 'mine', rows: 2 }] })
  const { mine, ...ours } = await aSavedDump(url)
  t.match(mine, /^2 /)
  t.same(await aSavedDump(there), ours)
})

t.test('tables that refer to each other in a circle are named', async (t) => {
  const url = await aDatabase(t)
  await sql(url, 'CREATE TABLE hen (id integer PRIMARY KEY); CREATE TABLE egg (id integer PRIMARY KEY REFERENCES hen); ALTER TABLE hen ADD FOREIGN KEY (id) REFERENCES egg')
  await t.rejects(takeBackup({ url, file: join(await aFolder(t), 'lab'), overwrite: false }), { message: /The tables egg, hen refer to each other/ })
})

t.test('a backup that breaks a rule of the lab changes nothing', async (t) => {
  const url = await anEmptyDatabase(t)
  await restoreBackup({ url, file: savedLab, migrations, replace: false })
  const before = await aDump(url)
  const forged = await aChangedBackup(t, (_header, rows) => { rows.set('container', rows.get('container')!.replace(/^.*\tSCREEN_001\t.*\n/m, '')) })
  await t.rejects(restoreBackup({ url, file: forged, migrations, replace: true }), { message: /breaks the rule "\w+" \(Key .*nothing was changed/ })
  t.same(await aDump(url), before)
})

t.test('a database that reads otherwise than was counted changes nothing', async (t) => {
  const url = await anEmptyDatabase(t)
  // COPY reads a time in any zone, and writes it in UTC
  const forged = await aChangedBackup(t, (_header, rows) => { rows.set('experiment', rows.get('experiment')!.replace(/\+00/, '+01')) })
  await t.rejects(restoreBackup({ url, file: forged, migrations, replace: false }), { message: /differs from the backup in experiment/ })
  t.same(await sql(url, "SELECT FROM pg_tables WHERE schemaname = 'public'"), [])
})

t.test('told to stop, it changes nothing', async (t) => {
  const url = await anEmptyDatabase(t)
  await t.rejects(restoreBackup({ url, file: savedLab, migrations, replace: false, signal: AbortSignal.abort('stop') }))
  t.same(await sql(url, "SELECT FROM pg_tables WHERE schemaname = 'public'"), [])
})
