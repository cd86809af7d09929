import t, { type Test } from 'tap'
import { spawn } from 'node:child_process'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { projectRoot } from '../../src/project-root.ts'
import { migrate } from '../../src/store/migrate.ts'
import { dbMigration as commandOfMigrations } from '../../tools/database/migration-command.ts'
import { aFolder, sql } from '../support/backups.ts'
import { aDatabase } from '../support/database.ts'
import { plain } from '../support/plain-process.ts'

// prisma/sql defines the functions, views and triggers, and the migrations create them. Both must be equal.

const root = projectRoot
const sources = { migrations: join(root, 'prisma', 'migrations'), sql: join(root, 'prisma', 'sql') }

type Directories = { migrations: string, sql: string }
type Ended = { code: number, out: string, err: string }

/** The real command, in a process. The other tests call it in their own process, which is ten times as fast. */
async function npmRunDbMigration (...args: string[]): Promise<Ended> {
  const [program, ...words] = plain(process.execPath, 'tools/launch/tool.mjs', 'database/migration', '--server', process.env.TEST_DATABASE_URL!, ...args)
  const child = spawn(program, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise<number>((resolve) => child.on('close', resolve))])
  return { code, out, err }
}

/** What `npm run db:migration` does on the server of the tests. */
async function dbMigration ({ migrations, sql }: Directories, ...args: string[]): Promise<Ended> {
  let [out, err] = ['', '']
  const output = { out: (text: string) => { out += text }, err: (text: string) => { err += text } }
  const server = ['--server', process.env.TEST_DATABASE_URL!, '--template', process.env.TEST_DATABASE_TEMPLATE!]
  const code = await commandOfMigrations([...server, '--migrations', migrations, '--sql', sql, ...args], output)
  return { code, out, err }
}

/** Copies of the two directories that a test may change. */
async function aCopy (t: Test) {
  const folder = await aFolder(t)
  const copy = { migrations: join(folder, 'migrations'), sql: join(folder, 'sql') }
  await cp(sources.migrations, copy.migrations, { recursive: true })
  await cp(sources.sql, copy.sql, { recursive: true })
  return {
    ...copy,
    write: async (path: string, content: string) => {
      await mkdir(join(copy.sql, path, '..'), { recursive: true })
      await writeFile(join(copy.sql, path), content)
    },
    change: async (path: string, from: string, to: string) => {
      const before = await readFile(join(copy.sql, path), 'utf8')
      if (!before.includes(from)) throw new Error(`${path} does not say ${from}`)
      await writeFile(join(copy.sql, path), before.replaceAll(from, to))
    }
  }
}

/** Writes a migration, applies it to a migrated database, and returns the written text. Afterwards there must be nothing to do. */
async function writeAndApply (t: Test, copy: Directories): Promise<{ written: string, url: string }> {
  const { code, err } = await dbMigration(copy, 'a_change')
  t.same({ code, err }, { code: 0, err: '' })
  const last = (await readdir(copy.migrations)).filter((name) => name.endsWith('_a_change')).sort().at(-1)!
  t.match(last, /^\d{14}_a_change$/)
  t.match(await dbMigration(copy, '--check'), { code: 0, out: 'nothing to do\n' })
  const url = await aDatabase(t)
  const pool = new pg.Pool({ connectionString: url })
  await migrate(pool, copy.migrations)
  await pool.end()
  return { written: await readFile(join(copy.migrations, last, 'migration.sql'), 'utf8'), url }
}

/** The first words of each statement of a migration. */
const statementsOf = (written: string) => [...written.matchAll(/^(?:DROP|CREATE OR REPLACE) (?:FUNCTION|VIEW|TRIGGER) \w+/gm)].map(([statement]) => statement)

t.test('the migrations make what prisma/sql says, nothing less and nothing more', async (t) => {
  t.same(await npmRunDbMigration('--check'), { code: 0, out: 'nothing to do\n', err: '' })
})

t.test('settings are in the definitions: CREATE OR REPLACE would drop any other', async (t) => {
  for (const name of (await readdir(sources.migrations)).filter((name) => /^\d/.test(name))) {
    t.notMatch(await readFile(join(sources.migrations, name, 'migration.sql'), 'utf8'), /ALTER (FUNCTION|PROCEDURE) [^;]*\b(SET|RESET)\b/, name)
  }
})

t.test('every folder of prisma/sql is one that its README names', async (t) => {
  const readme = await readFile(join(sources.sql, 'README.md'), 'utf8')
  const folders = (await readdir(sources.sql, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  t.same(folders.filter((name) => !readme.includes(`\`${name}\``)), [])
})

t.test('a changed body is one CREATE OR REPLACE, with its settings', async (t) => {
  const copy = await aCopy(t)
  await copy.change('step/log_steps.sql', "'first_start'", "'earliest_start'")
  t.match(await dbMigration(copy, '--check'), { code: 1, out: /^changed: function log_steps\(jsonb,.*\) is not what the migrations make\n$/ })
  const { written, url } = await writeAndApply(t, copy)
  t.same(statementsOf(written), ['CREATE OR REPLACE FUNCTION log_steps'])
  t.match(await sql(url, "SELECT proconfig FROM pg_proc WHERE proname = 'log_steps'"), [{ proconfig: ['plan_cache_mode=force_generic_plan'] }])
})

t.test('lost settings are a difference', async (t) => {
  const copy = await aCopy(t)
  await copy.change('transfer/transfer.sql', '\nSET plan_cache_mode = force_generic_plan', '')
  t.match(await dbMigration(copy, '--check'), { code: 1, out: /^changed: function transfer\(/ })
})

t.test('a changed signature drops the old one and what depends on it, and creates them again', async (t) => {
  const copy = await aCopy(t)
  await copy.write('device/device_label.sql', '-- The label.\nCREATE OR REPLACE FUNCTION device_label(_name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(_name) $$;\n')
  await copy.write('device/labelled_device.sql', '-- Devices.\nCREATE OR REPLACE VIEW labelled_device AS SELECT id, device_label(name) AS label FROM device;\n')
  await copy.write('device/first_label.sql', '-- A view is a type.\nCREATE OR REPLACE FUNCTION first_label(_device labelled_device) RETURNS text LANGUAGE sql STABLE AS $$ SELECT _device.label $$;\n')
  t.same(statementsOf((await writeAndApply(t, copy)).written), ['CREATE OR REPLACE FUNCTION device_label', 'CREATE OR REPLACE VIEW labelled_device', 'CREATE OR REPLACE FUNCTION first_label'])

  await copy.change('device/device_label.sql', '(_name text) RETURNS text', '(_name text) RETURNS varchar')
  t.same(statementsOf((await writeAndApply(t, copy)).written), [
    'DROP FUNCTION first_label', 'DROP VIEW labelled_device', 'DROP FUNCTION device_label',
    'CREATE OR REPLACE FUNCTION device_label', 'CREATE OR REPLACE VIEW labelled_device', 'CREATE OR REPLACE FUNCTION first_label'
  ], 'another result')

  await copy.change('device/device_label.sql', '(_name text)', '(_name text, _suffix text)')
  await copy.change('device/labelled_device.sql', 'device_label(name)', "device_label(name, '!')")
  const { written, url } = await writeAndApply(t, copy)
  t.same(statementsOf(written).slice(0, 3), ['DROP FUNCTION first_label', 'DROP VIEW labelled_device', 'DROP FUNCTION device_label'], 'other arguments')
  t.match(await sql(url, "SELECT count(*)::int AS n FROM pg_proc WHERE proname = 'device_label'"), [{ n: 1 }], 'and no overload is left')

  await copy.change('device/labelled_device.sql', 'SELECT id, ', 'SELECT ')
  t.same(statementsOf((await writeAndApply(t, copy)).written), [
    'DROP FUNCTION first_label', 'DROP VIEW labelled_device', 'CREATE OR REPLACE VIEW labelled_device', 'CREATE OR REPLACE FUNCTION first_label'
  ], 'a column less')
})

t.test('a view of the service with a column in front takes all functions that return it along', async (t) => {
  const copy = await aCopy(t)
  await copy.change('container/container_state.sql', 'SELECT\n  c.id, c.name,', 'SELECT\n  c.name, c.id,')
  const { written } = await writeAndApply(t, copy)
  const statements = statementsOf(written)
  t.ok(statements.includes('DROP VIEW container_state'))
  t.ok(statements.indexOf('DROP FUNCTION add_containers') < statements.indexOf('DROP VIEW container_state'))
  t.ok(statements.indexOf('CREATE OR REPLACE VIEW container_state') < statements.indexOf('CREATE OR REPLACE FUNCTION add_containers'))
})

t.test('a file that is gone is an orphan, and dropped with what depends on it gone too', async (t) => {
  const copy = await aCopy(t)
  await rm(join(copy.sql, 'event', 'link_event_devices.sql'))
  t.match(await dbMigration(copy, '--check'), { code: 1, out: /orphan: function link_event_devices\(\) is made by the migrations[^]*orphan: trigger event_links_devices ON event_log is made/ })
  const { written } = await writeAndApply(t, copy)
  t.same(statementsOf(written), ['DROP TRIGGER event_links_devices', 'DROP FUNCTION link_event_devices'])
})

t.test('a function that only a migration makes is an orphan', async (t) => {
  const copy = await aCopy(t)
  await mkdir(join(copy.migrations, '29990101000000_more'))
  await writeFile(join(copy.migrations, '29990101000000_more', 'migration.sql'), 'CREATE FUNCTION forgotten() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$')
  t.match(await dbMigration(copy, '--check'), { code: 1, out: 'orphan: function forgotten() is made by the migrations, and no file of prisma/sql defines it\n' })
  await dbMigration(copy, 'a_change')
  t.ok((await readdir(copy.migrations)).includes('29990101000001_a_change'), 'its migration comes after the last one')
})

t.test('a change of a trigger alone is seen', async (t) => {
  const copy = await aCopy(t)
  await copy.change('estimate/mark_runs_pending.sql', 'AFTER UPDATE ON step', 'AFTER UPDATE OR DELETE ON step')
  t.match(await dbMigration(copy, '--check'), { code: 1, err: /mark_runs_pending\.sql: .*[Tt]ransition tables/ }, 'what PostgreSQL refuses is told with the file')
  await copy.change('estimate/mark_runs_pending.sql', 'AFTER UPDATE OR DELETE ON step\n  REFERENCING OLD TABLE AS before NEW', 'AFTER UPDATE ON step\n  REFERENCING OLD TABLE AS earlier NEW')
  t.match(await dbMigration(copy, '--check'), { code: 1, out: 'changed: trigger step_marks_runs_when_changed ON step is not what the migrations make\n' })
  await writeAndApply(t, copy)
})

t.test('what tables depend on cannot be changed from prisma/sql', async (t) => {
  const copy = await aCopy(t)
  const migrations = (await readdir(copy.migrations)).filter((name) => /^\d/.test(name)).sort()
  const all = (await Promise.all(migrations.map(async (name) => await readFile(join(copy.migrations, name, 'migration.sql'), 'utf8')))).join('\n')
  const stepKey = [...all.matchAll(/CREATE OR REPLACE FUNCTION step_key[^]*?\$\$;\n/g)].at(-1)![0]
  await copy.write('step/step_key.sql', `-- The key.\n${stepKey.replace("'slots|'", "'places|'")}`)
  t.match(await dbMigration(copy, 'a_change'), { code: 1, err: /belongs to the migrations: function step_key\(/ })
})

t.test('a file that is not of the form is told', async (t) => {
  const copy = await aCopy(t)
  const aFunction = (name: string) => `CREATE OR REPLACE FUNCTION ${name}() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;\n`
  await copy.write('lab/uncommented.sql', aFunction('uncommented'))
  await copy.write('lab/misnamed.sql', `-- One.\n${aFunction('other')}`)
  await copy.write('lab/two.sql', `-- Two.\n${aFunction('two')}${aFunction('three')}`)
  await copy.write('lab/altered.sql', `-- Settings apart.\n${aFunction('altered')}ALTER FUNCTION altered() SET plan_cache_mode = force_generic_plan;\n`)
  await copy.write('nowhere.sql', `-- In no folder.\n${aFunction('nowhere')}`)
  await copy.write('device/lock_lab.sql', await readFile(join(copy.sql, 'lab', 'lock_lab.sql'), 'utf8'))
  const { code, out } = await dbMigration(copy, '--check')
  t.equal(code, 1)
  for (const line of [
    /^prisma\/sql\/lab\/uncommented\.sql: it must begin with a comment/m, /^prisma\/sql\/lab\/misnamed\.sql: it must define misnamed and nothing else, not other$/m,
    /^prisma\/sql\/lab\/two\.sql: it must define two and nothing else, not two, three$/m, /^prisma\/sql\/lab\/altered\.sql: it may only have .* not "ALTER FUNCTION altered/m,
    /^prisma\/sql\/nowhere\.sql: it must be in the folder of its noun/m, /^prisma\/sql\/device\/lock_lab\.sql: another file defines lock_lab too$/m
  ]) t.match(out, line)
  t.match(await dbMigration(copy, 'a_change'), { code: 1, err: /it must begin with a comment/ }, 'and nothing is written from it')
})

t.test('it wants one name, and directories that are there', async (t) => {
  for (const args of [[], ['Two Words'], ['one', 'two']]) t.match(await dbMigration(sources, ...args), { code: 2, err: /npm run db:migration -- add_centrifuges/ })
  t.match(await dbMigration({ ...sources, sql: join(root, 'nowhere') }, 'a_change'), { code: 1, err: /There is no directory .*nowhere/ })
})

t.test('a command has one time: begin_command takes it, and only there is the clock read', async (t) => {
  const own = new Set(['lab/begin_command.sql', 'lab/next_revision.sql', 'lab/command_time.sql'])
  // Work beside commands: keys, sessions, retries, and the learning of the estimates.
  const others = new Set(['idempotency', 'api-key', 'session', 'estimate'])
  for (const folder of (await readdir(sources.sql, { withFileTypes: true })).filter((entry) => entry.isDirectory() && !others.has(entry.name))) {
    for (const file of await readdir(join(sources.sql, folder.name))) {
      if (own.has(`${folder.name}/${file}`)) continue
      const code = (await readFile(join(sources.sql, folder.name, file), 'utf8')).replaceAll(/^\s*--.*$/gm, '')
      t.notMatch(code, /\b(clock_timestamp|statement_timestamp|transaction_timestamp|now)\(\)|current_timestamp/i, `${folder.name}/${file} uses command_time()`)
    }
  }
})
