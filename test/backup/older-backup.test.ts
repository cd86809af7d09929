import t from 'tap'
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { readBackup } from '../../src/backup/read.ts'
import { restoreBackup } from '../../src/backup/restore.ts'
import { projectRoot } from '../../src/project-root.ts'
import { migrate, MigrationError, migrationTable, readMigrations } from '../../src/store/migrate.ts'
import { aFolder, anEmptyDatabase, beforeFirstRelease, migrations, savedLab, sql } from '../support/backups.ts'
import { aDump } from '../support/dump.ts'
import { aServiceOn, type Service } from '../support/service.ts'

// A backup or a database that is older than the code is opened with its own schema and then migrated.

const later = '29990101000000_later'

/** The migrations of a later version. Its migration numbers the devices by age, so it needs the existing rows. */
async function laterMigrations (t: Parameters<typeof aFolder>[0]): Promise<string> {
  const directory = join(await aFolder(t), 'migrations')
  await cp(migrations, directory, { recursive: true })
  await mkdir(join(directory, later))
  await writeFile(join(directory, later, 'migration.sql'), `
    ALTER TABLE device ADD COLUMN inventory_number integer;
    UPDATE device SET inventory_number = nth FROM (SELECT id, row_number() OVER (ORDER BY created_at, name) AS nth FROM device) aged WHERE aged.id = device.id;
    ALTER TABLE device ALTER COLUMN inventory_number SET NOT NULL, ALTER COLUMN inventory_number SET DEFAULT 0;
    CREATE TABLE inventory (number integer PRIMARY KEY);
    INSERT INTO inventory SELECT inventory_number FROM device`)
  return directory
}

const inventory = 'SELECT count(*)::int AS devices, count(DISTINCT inventory_number)::int AS numbers, (SELECT count(*)::int FROM inventory) AS inventory FROM device'
const numbered = [{ devices: 17, numbers: 17, inventory: 17 }]

/** Reads everything that the fixture holds; see test/fixtures/README.md. */
async function answersFrom (t: Parameters<typeof aFolder>[0], { get, post }: Service): Promise<void> {
  t.match(await get('/api/lab'), { body: { revision: 30, totals: { devices: 14, containers: 4, containers_removed: 2, occupied: 5 } } })
  t.match(await get('/api/lab/config'), { body: { sila_servers: { storage: { Hotel1: { capacity: 6 }, Hotel2: { capacity: 13 } } } } })
  t.match(await get('/api/lab/health'), { body: { healthy: true } })
  t.match(await get('/api/containers/SCREEN_001'), { body: { device: 'Washer', position: 0, lidded: false, lid: { device: 'Hotel1', position: 5 } } })
  t.match(await get(`/api/containers/${encodeURIComponent('Platte µ')}`), { body: { content: 'a\tb\\n\nc "d"', lidded: true } })
  t.match(await get('/api/containers?barcode=GONE_001&removed=any'), { body: { items: [{ device: null, removed_at: String }] } })
  const kinds = (await get('/api/containers/SCREEN_001/history?limit=500')).body.items.map(({ kind }: { kind: string }) => kind)
  t.same([kinds.length, kinds.filter((kind: string) => kind !== 'step')], [39, ['added', 'unlidded', 'moved']])
  t.match(await get('/api/devices/Washer/certificate'), { text: /BEGIN CERTIFICATE/ })
  t.match(await get('/api/devices?retired=true'), { body: { items: [{ name: 'OldWasher' }] } })
  t.match(await get('/api/devices/Hotel1/positions/4'), { body: { deep_well_suited: true, occupant: { name: 'without a barcode', barcode: null } } })
  t.match(await get('/api/steps/statistics?group_by=status'), { body: { items: [{ group: { status: 'completed' }, count: 34 }, { group: { status: 'failed' }, count: 3 }, { group: { status: 'running' }, count: 1 }] } })
  const { body: { items: [corrected] } } = await get('/api/steps?device=Reader9')
  t.match(corrected, { duration_seconds: 41, is_simulation: true, experiment_id: null, containers: [{ named: 'NOBODY', id: null }] })
  t.match(await get(`/api/steps/${corrected.id}/history`), { body: { items: [{ kind: 'step-corrected', reason: 'the clock was wrong' }] } })
  t.match(await get('/api/experiments'), { body: { items: [{ status: 'completed', steps: { total: 12 } }, { status: 'completed' }, { status: 'running', steps: { total: 13 } }] } })
  t.match(await post('/api/estimates', { step: { device: 'Washer', data: { fct: 'wash', protocol: '3x PBS', volume: 1.5e-7 } }, confidence: 0.8 }), { body: { level: 'parameters', sample_size: 15, duration_seconds: Number } })
}

t.test('what was released never changes: each migration is as it was when its backup was made', async (t) => {
  const fixtures = join(projectRoot, 'test', 'fixtures')
  const released = (await readdir(fixtures)).filter((name) => name.startsWith('released-'))
  t.ok(released.includes('released-0.2.0.backup.gz'))
  const present = await readMigrations(migrations)
  for (const name of released) {
    const { header } = await readBackup(join(fixtures, name))
    t.equal(`released-${header.service_version}.backup.gz`, name)
    t.same(header.migrations, present.slice(0, header.migrations.length).map(({ name, checksum }) => ({ name, checksum })), name)
    const url = await anEmptyDatabase(t)
    await restoreBackup({ url, file: join(fixtures, name), migrations, replace: false })
    t.match(await (await aServiceOn(t, url)).get('/api/lab/health'), { status: 200, body: { healthy: true } }, `${name} opens`)
  }
})

t.test('an older database is brought up to date, and answers', async (t) => {
  const url = await anEmptyDatabase(t)
  t.match(await restoreBackup({ url, file: savedLab, migrations, replace: false }), { migrations: [] })
  await answersFrom(t, await aServiceOn(t, url))
  const pool = new pg.Pool({ connectionString: url })
  t.teardown(() => pool.end())
  t.strictSame(await migrate(pool, await laterMigrations(t)), [later])
  t.same(await sql(url, inventory), numbered)
})

t.test('an older backup is restored at its own schema, then migrated, and answers', async (t) => {
  const url = await anEmptyDatabase(t)
  const { migrations: since } = await restoreBackup({ url, file: savedLab, migrations: await laterMigrations(t), replace: false })
  const { header } = await readBackup(savedLab)
  const newer = (await readMigrations(migrations)).map(({ name }) => name).filter((name) => !header.migrations.some((known) => known.name === name))
  t.strictSame(since, [...newer, later])
  t.same(await sql(url, inventory), numbered)
  await sql(url, `DELETE FROM _prisma_migrations WHERE migration_name = '${later}'`)
  await answersFrom(t, await aServiceOn(t, url))
  t.match(await aDump(url), { lab: /^1 /, step: /^38 /, inventory: /^17 / })
})

t.test('a backup from before the first release is whole, and refused with what to do', async (t) => {
  t.match(await readBackup(beforeFirstRelease), { header: { revision: 30 } })
  const url = await anEmptyDatabase(t)
  await t.rejects(restoreBackup({ url, file: beforeFirstRelease, migrations, replace: false }), { message: /from before its first release.*Restore it with the version that made it\.$/ })
  t.same(await sql(url, "SELECT FROM pg_tables WHERE schemaname = 'public'"), [], 'nothing is there')
})

t.test('a database from before the first release is refused with what to do, and not changed', async (t) => {
  const url = await anEmptyDatabase(t)
  await sql(url, `${migrationTable}; CREATE TABLE lab (revision bigint); INSERT INTO lab VALUES (30);
    INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name) VALUES ('1', 'x', now(), '20261123000000_tables'), ('2', 'x', now(), '20261123000100_views')`)
  const before = await aDump(url)
  const pool = new pg.Pool({ connectionString: url })
  t.teardown(() => pool.end())
  const error = await migrate(pool, migrations).catch((error: unknown) => error)
  t.ok(error instanceof MigrationError)
  t.match(error, { message: /from before its first release.*not changed\. Use an empty one: name it in DATABASE_URL, or name another directory in DATA_DIR\./ })
  t.same(await aDump(url), before)
})
