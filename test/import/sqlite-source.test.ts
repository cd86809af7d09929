import sqlite from 'node-sqlite3-wasm'
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { openOldDatabase } from '../../src/import/open-old-database.ts'
import { aDirectory, anOldDatabase } from '../support/old-databases.ts'

t.test('the file and its folder are as they were', async (t) => {
  const file = await anOldDatabase(t, 'lab')
  const folder = path.dirname(file)
  const before = await readFile(file)
  await chmod(file, 0o444)
  await chmod(folder, 0o555)
  const copies = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('platform-status-import-')).length
  const others = await copies()
  const database = await openOldDatabase(file)
  t.equal((await database.columns('job_logs_device')).has('lara_name'), true)
  t.equal((await database.columns('nothing')).size, 0)
  t.same(await readdir(folder), ['db.sqlite3'])
  await database.close()
  t.ok((await readFile(file)).equals(before))
  await chmod(folder, 0o755)
  t.ok(await copies() <= others, 'and the copy that was read is gone')
})

t.test('what a write-ahead log holds is read too', async (t) => {
  const folder = await aDirectory(t)
  const live = path.join(folder, 'live.sqlite3')
  const writer = new sqlite.Database(live)
  writer.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)')
  await copyFile(live, path.join(folder, 'old.sqlite3'))
  await copyFile(`${live}-wal`, path.join(folder, 'old.sqlite3-wal'))
  writer.close()
  const database = await openOldDatabase(path.join(folder, 'old.sqlite3'))
  t.same(await database.rows('SELECT x FROM t'), [{ x: 1 }, { x: 2 }])
  await database.close()
})

t.test('rows come in pieces, and reading may stop on the way', async (t) => {
  const database = await openOldDatabase(await anOldDatabase(t, 'lab'))
  const sizes = []
  for await (const piece of database.pieces('SELECT id FROM job_logs_processstep', 30)) sizes.push(piece.length)
  t.same(sizes, [30, 30, 12])
  for await (const piece of database.pieces('SELECT id FROM job_logs_processstep', 30)) if (piece.length > 0) break
  await database.close()
})

t.test('a file that is not a database, or is being written, is refused with advice', async (t) => {
  const folder = await aDirectory(t)
  await t.rejects(openOldDatabase(path.join(folder, 'missing.sqlite3')), { message: /does not exist/ })
  await writeFile(path.join(folder, 'text.sqlite3'), 'hello '.repeat(200))
  await t.rejects(openOldDatabase(path.join(folder, 'text.sqlite3')), { message: /cannot be read as a SQLite database/ })
  await writeFile(path.join(folder, 'text.sqlite3-journal'), 'something')
  await t.rejects(openOldDatabase(path.join(folder, 'text.sqlite3')), { message: /is being written, or its writer was killed.*python3/ })
  await mkdir(path.join(folder, 'folder'))
  await t.rejects(openOldDatabase(path.join(folder, 'folder')), { message: /cannot be copied/ })
  await t.rejects(openOldDatabase(path.join(folder, 'text.sqlite3', 'below')), { message: /cannot be read/ })
  await t.rejects(openOldDatabase('mysql://old@db/lab'), { message: /--from takes a SQLite file or a URL such as postgresql/ })
})
