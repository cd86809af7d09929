import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { startEmbedded } from '../../src/embedded/postgres.ts'
import { aDirectory, aLog, unsafeSettings } from '../embedded/support.ts'
import { aFolder, anEmptyDatabase, savedLab, sql } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aSavedDump } from '../support/dump.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'

t.test('a database elsewhere: saved beside its service, looked at, and restored', async (t) => {
  const lab = await aLabAtWork(t)
  const folder = await aFolder(t)
  const file = join(folder, 'lab.backup')
  const here = await aCommandLine(null, { DATABASE_URL: lab.url })
  t.match(await here.platformStatus('backup', file), { code: 0, err: '', out: /^\S+lab\.backup \(\d+\.\d KiB\): revision \d+ of \S+Z, PostgreSQL \S+, schema \d+_\w+\n\ntable +rows\n[^]*\ncontainer +2\n/ })
  t.match(await here.platformStatus('backup', file), { code: 1, out: '', err: /--force/ })
  t.match((await here.platformStatus('backup', file, '--force', '--json')).json, { file, bytes: Number, tables: [{ name: '_prisma_migrations' }] })
  t.match(await here.platformStatus('backup', folder), { code: 0, out: /platform-status-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.backup\.gz \(/ })
  t.equal((await readdir(folder)).length, 2)

  t.match(await here.platformStatus('backup', '--verify', file), { code: 0, out: /is complete: revision \d+/ })
  await writeFile(join(folder, 'broken'), 'words')
  t.match(await here.platformStatus('backup', '--verify', join(folder, 'broken')), { code: 1, out: '', err: 'This file is not a backup of platform-status.\n' })

  const url = await anEmptyDatabase(t)
  const there = await aCommandLine(null, { DATABASE_URL: url })
  t.match(await there.platformStatus('backup', join(folder, 'nothing')), { code: 1, err: /nothing to back up/ })
  t.match(await there.platformStatus('restore', file), { code: 0, err: '', out: /^restored: revision \d+ of \S+Z\n\ntable +rows\n/ })
  // the restored lab knows the backup that it comes from, and the other one those that were taken since, too
  const [restored, saved] = [await aSavedDump(url), await aSavedDump(lab.url)]
  t.same({ ...restored, backup: null }, { ...saved, backup: null })
  t.match(await there.platformStatus('restore', savedLab), { code: 1, err: /--replace/ })
  await sql(lab.url, 'CREATE TABLE mine (id integer)')
  await here.platformStatus('backup', file, '--force')
  t.match(await there.platformStatus('restore', file, '--replace'), { code: 0, out: /\nskipped the unknown table mine with 0 rows/ })
  t.match(await there.platformStatus('restore', savedLab, '--replace'), { code: 0, out: /^restored: revision 30 of \S+Z\n/ })
  t.match((await there.platformStatus('restore', savedLab, '--replace', '--json')).json, { header: { revision: 30 }, left_out: [] })
  t.match(await here.platformStatus('restore', file, '--replace'), { code: 1, err: /A service uses the database/ })
})

t.test('a database that does not answer, or refuses us', async (t) => {
  const file = join(await aFolder(t), 'lab')
  const url = new URL(await anEmptyDatabase(t))
  t.match(await (await aCommandLine(null, { DATABASE_URL: 'postgresql://a:secret@127.0.0.1:1/lab' })).platformStatus('backup', file), { code: 3, err: /^The database at 127\.0\.0\.1:1 does not respond \(.*ECONNREFUSED.*\)\. Start it, or correct DATABASE_URL\.\n$/ })
  url.pathname = '/no_such_database'
  t.match(await (await aCommandLine(null, { DATABASE_URL: url.href })).platformStatus('restore', savedLab), { code: 3, err: /has no database "no_such_database"/ })
  t.match(await (await aCommandLine(null, { DATABASE_URL: 'mysql://lab' })).platformStatus('backup', file), { code: 1, err: /DATABASE_URL must be/ })
})

t.test('the embedded database: restored into a new directory, saved while it runs and while it does not', async (t) => {
  const dataDir = join(aDirectory(t), 'data')
  const folder = await aFolder(t)
  const { platformStatus } = await aCommandLine(null, { DATA_DIR: dataDir })
  t.match(await platformStatus('backup', join(folder, 'none')), { code: 1, err: /There is no database in \S+ yet/ })
  t.match(await platformStatus('restore', savedLab), { code: 0, out: /^restored: revision 30/ })
  t.match(await platformStatus('backup', join(folder, 'stopped')), { code: 0, out: /: revision 30 of/ })
  t.match(await platformStatus('doctor'), { out: /^database +warning +the embedded database is stopped$/m })

  const running = await startEmbedded({ dataDir, log: aLog(), settings: unsafeSettings })
  try {
    t.match(await platformStatus('backup', join(folder, 'running')), { code: 0, out: /: revision 30 of/ })
    t.match(await platformStatus('restore', savedLab, '--replace'), { code: 1, err: /already uses the database/ })
    t.match(await platformStatus('doctor'), { out: /^database +ok +PostgreSQL/m })
    t.match(await sql(running.url, 'SELECT revision::int FROM lab'), [{ revision: 30 }], 'and it was left running')
  } finally {
    await running.stop()
  }
  t.match(await platformStatus('restore', join(folder, 'running'), '--replace'), { code: 0 })
})
