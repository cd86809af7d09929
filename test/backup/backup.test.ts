import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import t from 'tap'
import { emptyInBackups } from '../../src/backup/catalogue.sql.ts'
import { readBackup } from '../../src/backup/read.ts'
import { restoreBackup } from '../../src/backup/restore.ts'
import { streamBackup, takeBackup } from '../../src/backup/take.ts'
import { writeAtomically } from '../../src/terminal/atomic-file.ts'
import { aFolder, anEmptyDatabase, migrations, sql } from '../support/backups.ts'
import { signIn } from '../support/browser-session.ts'
import { aSavedDump } from '../support/dump.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { aLab, aServiceOn } from '../support/service.ts'

t.test('a lab at work comes back as it was, every table of it', async (t) => {
  const lab = await aLabAtWork(t)
  await lab.post('/api/arrangements', { reason: 'nobody finds it', items: [], missing: ['P1'] })
  const file = join(await aFolder(t), 'lab.backup')
  const saved = await takeBackup({ url: lab.url, file, overwrite: false })
  const url = await anEmptyDatabase(t)
  const restored = await restoreBackup({ url, file, migrations, replace: false })
  t.same(await aSavedDump(url), await aSavedDump(lab.url))
  t.same(restored, { ...saved, migrations: [], left_out: [] })
  t.match(saved.header, { revision: (await lab.get('/api/lab')).body.revision, postgresql: String, service_version: String })

  const there = await aServiceOn(t, url)
  for (const path of ['/api/lab', '/api/lab/config', '/api/containers/P1', '/api/containers?missing=true', '/api/containers/P2', '/api/containers/P1/history', '/api/steps', '/api/experiments', '/api/lab/health']) {
    t.same((await there.get(path)).body, (await lab.get(path)).body, path)
  }
  t.match(await there.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 0 }), { status: 200 }, 'what is missing can be found')
  t.match((await there.get('/api/events?kind=found')).body.items, [{ before: { last_device: 'Hotel', last_position: 0 }, after: { position: 0 } }])
  t.match(await there.post('/api/containers', { device: 'Hotel', position: 2 }), { status: 409, body: { occupant: { part: 'lid', barcode: 'P2' } } }, 'and its rules hold')
  t.match(await there.post('/api/steps', { device: 'Hotel', start: '2026-03-05T09:00:00Z', finish: '2026-03-05T09:01:00Z' }), { status: 201 })
  t.match(await sql(url, "SELECT key FROM run WHERE day = '2026-03-05'"), [{ key: 'day 2026-03-05' }], 'and its triggers fire')
})

t.test('nobody is signed in after a restore: a backup has no sessions', async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  const { key } = (await lab.post('/api/keys', { name: 'ada', scopes: ['admin'] })).body
  const { headers } = await signIn(lab, key)
  await signIn(lab, 'wrong')
  const file = join(await aFolder(t), 'lab.backup')
  const { tables } = await takeBackup({ url: lab.url, file, overwrite: false })
  t.match(tables.filter(({ name }) => emptyInBackups.includes(name)), emptyInBackups.map((name) => ({ name, rows: 0 })), 'these tables are in the file, empty')
  const url = await anEmptyDatabase(t)
  await restoreBackup({ url, file, migrations, replace: false })
  const there = await aServiceOn(t, url)
  t.equal((await lab.get('/api/lab', headers)).status, 200)
  t.equal((await there.get('/api/lab', headers)).status, 401)
  t.equal((await signIn(there, key)).answer.status, 204, 'the keys are there')
})

t.test('what others write meanwhile is in it wholly or not at all', async (t) => {
  const lab = await aLab(t, { Hotel: 40, Washer: 1 })
  await lab.post('/api/containers', { device: 'Hotel', position: 39, barcode: 'WALKER', lidded: true })
  const folder = await aFolder(t)
  let turn = 0
  async function somethingHappens (): Promise<void> {
    turn++
    await lab.post('/api/containers/WALKER/move', { target_device: 'Hotel' })
    await lab.post('/api/containers/WALKER/unlid', { lid_device: 'Washer' })
    await lab.post('/api/containers', { device: 'Hotel', barcode: `NEW${turn}` })
    await lab.post('/api/steps/batch', { steps: Array.from({ length: 20 }, () => ({ device: `Reader${turn}`, start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:01:00Z', containers: ['WALKER'] })) })
    await lab.post('/api/containers/WALKER/lid')
  }
  await somethingHappens()
  const { revision } = (await lab.get('/api/lab')).body
  // between the copies of any two tables
  await takeBackup({ url: lab.url, file: join(folder, 'lab'), overwrite: false, onTable: somethingHappens })
  t.ok(turn > 10)

  const url = await anEmptyDatabase(t)
  await restoreBackup({ url, file: join(folder, 'lab'), migrations, replace: false })
  t.match(await sql(url, `SELECT (SELECT revision::int FROM lab), (SELECT max(revision)::int FROM event) AS logged, (SELECT count(DISTINCT revision)::int FROM event) AS events,
    (SELECT count(*)::int - 20 FROM step) AS torn, (SELECT count(*)::int FROM container_of_step) - (SELECT count(*)::int FROM step) AS unnamed`),
  [{ revision, logged: revision, events: revision, torn: 0, unnamed: 0 }])
  t.match(await (await aServiceOn(t, url)).get('/api/lab/health'), { body: { healthy: true } })
})

t.test('two backups of a lab at rest differ in nothing but their time', async (t) => {
  const { url } = await aLabAtWork(t)
  const folder = await aFolder(t)
  const [first, second] = [await takeBackup({ url, file: join(folder, '1'), overwrite: false }), await takeBackup({ url, file: join(folder, '2'), overwrite: false })]
  t.same(second.tables, first.tables)
  t.same({ ...second.header, created_at: '' }, { ...first.header, created_at: '' })
})

t.test('the service knows how old the newest backup is, and warns when it is more than eight days old and something has changed since', async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  const health = async () => (await lab.get('/api/lab/health')).body
  t.match(await health(), { last_backup: null, findings: [] })
  const file = join(await aFolder(t), 'lab')
  const { header, tables } = await takeBackup({ url: lab.url, file, overwrite: false })
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const last_backup = { taken_at: header.created_at, revision: header.revision, rows, bytes: (await stat(file)).size }
  t.same(await health(), { healthy: true, findings: [], last_backup })

  await sql(lab.url, "UPDATE backup SET taken_at = taken_at - interval '9 days'")
  t.match((await health()).findings, [], 'nothing has changed since')
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  t.match(await health(), { healthy: true, findings: [{ code: 'backup-old', severity: 'warning', message: /^The newest known backup is from .*Z, which is more than 8 days ago\./ }] })

  await streamBackup({ url: lab.url, sink: new Writable({ write: (_chunk, _encoding, done) => { done() } }) })
  t.match(await health(), { findings: [], last_backup: { revision: header.revision + 1, bytes: null } }, 'also of one that was written to a stream')
  const url = await anEmptyDatabase(t)
  await restoreBackup({ url, file, migrations, replace: false })
  t.same((await (await aServiceOn(t, url)).get('/api/lab/health')).body.last_backup, last_backup, 'that of a restored lab is the one from which it was restored')
})

t.test('a backup is there, also where the database cannot note it: before it is upgraded', async (t) => {
  const { url } = await aLab(t, { Hotel: 2 })
  await sql(url, 'DROP TABLE backup')
  const file = join(await aFolder(t), 'lab')
  await takeBackup({ url, file, overwrite: false })
  t.match(await readBackup(file), { header: { revision: Number } })
})

t.test('a file appears when it is whole, and is never overwritten unasked', async (t) => {
  const { url } = await aLab(t, { Hotel: 1 })
  const folder = await aFolder(t)
  const file = join(folder, 'lab.backup')
  await writeFile(file, 'precious')
  await t.rejects(takeBackup({ url, file, overwrite: false }), { message: /The file .* already exists: .*--force/ })
  t.equal(await readFile(file, 'utf8'), 'precious')
  await takeBackup({ url, file, overwrite: true })
  t.match(await readBackup(file), { header: { revision: 1 } })
  t.equal((await stat(file)).mode & 0o777, 0o600, 'of its owner alone')
  t.same(await readdir(folder), ['lab.backup'])
})

t.test('two at once: one gets the name, the other is told', async (t) => {
  const { url } = await aLab(t, { Hotel: 1 })
  const folder = await aFolder(t)
  const results = await Promise.allSettled([1, 2].map(() => takeBackup({ url, file: join(folder, 'one'), overwrite: false })))
  t.same(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  t.same(await readdir(folder), ['one'])
  t.match(await readBackup(join(folder, 'one')), { header: { revision: 1 } })
})

t.test('what fails leaves no file, says why, and lets go of the database', async (t) => {
  const { url } = await aLabAtWork(t)
  const folder = await aFolder(t)
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
  await t.rejects(writeAtomically(join(folder, 'lab'), { overwrite: false }, async (sink) => { await new Promise((resolve) => sink.write('half', resolve)); throw full }), { message: /the disk is full. No file was created/ })
  await t.rejects(takeBackup({ url, file: join(folder, 'no', 'such'), overwrite: false }), { message: /the directory does not exist/ })
  await t.rejects(writeAtomically(join(folder, 'lab'), { overwrite: false }, async () => { throw new Error('other') }), { message: 'other' })
  t.same(await readdir(folder), [])

  const sink = new Writable({ write: (_chunk, _encoding, done) => done(full) })
  await t.rejects(streamBackup({ url, sink }), full)
  const stopping = AbortSignal.abort('stop')
  await t.rejects(takeBackup({ url, file: join(folder, 'lab'), overwrite: false, signal: stopping }))
  t.same(await readdir(folder), [])
  const sessions = async () => (await sql(url, "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'platform-status backup'")).length
  while (await sessions() > 0) await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(await sessions(), 0)
})

t.test('a database without our tables has nothing to save', async (t) => {
  await t.rejects(takeBackup({ url: await anEmptyDatabase(t), file: join(await aFolder(t), 'lab'), overwrite: false }), { message: /nothing to back up/ })
})

t.test('where nobody may write', { skip: process.geteuid?.() === 0 && 'root may write anywhere' }, async (t) => {
  const folder = await aFolder(t)
  await chmod(folder, 0o500)
  await t.rejects(takeBackup({ url: (await aLab(t, {})).url, file: join(folder, 'lab'), overwrite: false }), { message: /this user has no write permission there/ })
})
