import t from 'tap'
import { aDatabase } from '../support/database.ts'
import { anOldDatabase, imported, runImport } from '../support/old-databases.ts'

t.test('asked wrongly, it tells how to ask, and does nothing', async (t) => {
  const help = await runImport(['--help'], {})
  t.match(help, { code: 0, out: /import \[options\][\s\S]*--from <database>/, err: '' })
  t.match(await runImport([], {}), { code: 2, out: '', err: /required option '--from <database>'/ })
  t.match(await runImport(['--from', 'x', '--timezone', 'Mars/Olympus'], {}), { code: 2, err: /"Mars\/Olympus" is not a time zone/ })
  t.match(await runImport(['--from', 'x', '--form', 'x'], {}), { code: 2, err: /unknown option '--form'/ })
})

t.test('a database that cannot be opened is reported without a stack', async (t) => {
  const from = await anOldDatabase(t, 'lab')
  for (const source of [' postgresql://me:hunter2@db/old', 'POSTGRESQL://me:hunter%zz2@db/old', 'mysql://me:hunter2@db/old', 'host=db user=me password=hunter2', 'postgresql://me:hunter%zz2@db/old', 'postgresql://me:hun/ter2@db/old']) {
    const { code, err } = await runImport(['--from', source], { DATABASE_URL: await aDatabase(t) })
    t.match([code, err], [1, /^(--from .*|postgresql:\/\/db\/old cannot be opened: .*)\n$/], source)
    t.notMatch(err, /hunter|ter2/)
  }
  t.match(await runImport(['--from', `${from}.bak`], { DATABASE_URL: await aDatabase(t) }), { code: 1, out: '', err: /^The file .*\.bak does not exist\.\n$/ })
  const away = await runImport(['--from', from], { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing', DATABASE_CONNECT_TIMEOUT_MS: '100' })
  t.equal(away.code, 1)
  t.notMatch(away.err, /^ {4}at /m)
  t.match(await runImport(['--from', from], { PORT: 'x' }), { code: 1, err: /PORT must be a whole number/ })
})

t.test('the text report has counts and examples of conflicts', async (t) => {
  const { code, out, err } = await runImport(['--from', await anOldDatabase(t, 'conflicts')], { DATABASE_URL: await aDatabase(t) })
  t.equal(code, 0)
  t.match(out, /^\nImported db\.sqlite3 into postgresql:\/\/\S+ in [\d.]+ s\.$/m)
  t.match(out, /^steps +91 +88 +0$/m)
  t.match(out, /^9 of the containers are on the platform, 5 are removed\.$/m)
  t.match(out, /two-in-a-slot \(2\)\n.*\n {4}- Reader 0: "P1" \(container 1\) stays/)
  t.match(out, /^3 experiments without steps for a day are now completed\.$/m)
  t.match(err, /steps 91\/91 in/)
})

t.test('an interrupted import says so, and a second run completes it', async (t) => {
  const url = await aDatabase(t)
  const from = await anOldDatabase(t, 'lab')
  t.match(await runImport(['--from', from], { DATABASE_URL: url }, AbortSignal.abort('SIGINT')), { code: 1, err: /Run the import again to continue/ })
  t.match((await imported(url, from)).counts, { steps: { added: 72 } })
})

t.test('another timezone moves the steps, and the mark of simulation can be kept', async (t) => {
  const url = await aDatabase(t)
  const report = await imported(url, await anOldDatabase(t, 'lab'), '--timezone', 'America/New_York', '--keep-simulation')
  t.equal(report.first_start, '2025-07-01T13:00:00.000Z')
  t.notOk(report.conflicts.some(({ kind }) => kind === 'simulation-flag'))
  t.match(report.conflicts.find(({ kind }) => kind === 'local-times')?.examples, ['all steps, moved to America/New_York'])
})
