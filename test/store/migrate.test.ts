import { cp, mkdtemp, readdir, rm, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { migrate } from '../../src/store/migrate.ts'
import { projectRoot } from '../../src/project-root.ts'
import { aDatabase } from '../support/database.ts'

const ours = join(projectRoot, 'prisma', 'migrations')

/** A migrated database, and a copy of the migrations that a test may change. */
async function aMigrated (t: Parameters<typeof aDatabase>[0]) {
  const pool = new pg.Pool({ connectionString: await aDatabase(t) })
  const directory = await mkdtemp(join(tmpdir(), 'migrations-'))
  await cp(ours, directory, { recursive: true })
  t.teardown(async () => {
    await pool.end()
    await rm(directory, { recursive: true })
  })
  return { pool, directory, add: async (name: string, sql: string) => {
    await mkdir(join(directory, name))
    await writeFile(join(directory, name, 'migration.sql'), sql)
  } }
}

t.test('a migrated database needs nothing more', async (t) => {
  const { pool, directory } = await aMigrated(t)
  t.strictSame(await migrate(pool, directory), [])
})

t.test('a migrated database that takes no writes, as a standby, will do', async (t) => {
  const { pool, directory } = await aMigrated(t)
  await pool.query(`ALTER DATABASE ${pool.options.connectionString!.split('/').at(-1)!} SET default_transaction_read_only = on`)
  t.strictSame(await migrate(pool, directory), [])
})

t.test('instances that start together apply a new migration once', async (t) => {
  const { pool, directory, add } = await aMigrated(t)
  await add('29990101000000_more', 'CREATE TABLE more (id integer)')
  const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(pool, directory)))
  t.strictSame(applied.flat(), ['29990101000000_more'])
})

t.test('a migration that fails leaves nothing behind, and can be fixed', async (t) => {
  const { pool, directory, add } = await aMigrated(t)
  await add('29990101000000_more', 'CREATE TABLE more (id integer); SELECT nonsense')
  await t.rejects(migrate(pool, directory), /nonsense/)
  await writeFile(join(directory, '29990101000000_more', 'migration.sql'), 'CREATE TABLE more (id integer)')
  t.strictSame(await migrate(pool, directory), ['29990101000000_more'])
})

t.test('a database newer than the code is refused by name', async (t) => {
  const { pool, directory } = await aMigrated(t)
  const last = (await readdir(directory)).filter((name) => /^\d/.test(name)).sort().at(-1)!
  await rm(join(directory, last), { recursive: true })
  await t.rejects(migrate(pool, directory), new RegExp(`newer than this version.*${last}`))
})

t.test('a migration that was changed after it was applied is refused by name', async (t) => {
  const { pool, directory } = await aMigrated(t)
  const first = (await readdir(directory)).filter((name) => /^\d/.test(name)).sort()[0]!
  await writeFile(join(directory, first, 'migration.sql'), '-- other')
  await t.rejects(migrate(pool, directory), new RegExp(`${first} was changed`))
})

t.test('a migration that another tool left unfinished is refused by name', async (t) => {
  const { pool, directory } = await aMigrated(t)
  await pool.query('UPDATE _prisma_migrations SET finished_at = NULL')
  await t.rejects(migrate(pool, directory), /did not finish/)
})

t.test('the table is the one of `prisma migrate deploy`', async (t) => {
  const { pool } = await aMigrated(t)
  const { rows } = await pool.query('SELECT migration_name, checksum, finished_at, applied_steps_count FROM _prisma_migrations ORDER BY 1')
  t.match(rows[0], { migration_name: /^\d{14}_/, checksum: /^[0-9a-f]{64}$/, finished_at: Date, applied_steps_count: 1 })
})
