import pg from 'pg'
import t from 'tap'
import { v7 as uuidv7 } from 'uuid'
import { inspectDatabase } from '../../src/store/inspect.ts'
import { firstIdOf } from '../../src/store/partitions/bounds.ts'
import { partitionHistory } from '../../src/store/partitions/partition-history.ts'
import { aFolder, anEmptyDatabase, migrations, sql } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aDatabase } from '../support/database.ts'
import { aSavedDump } from '../support/dump.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { aLab } from '../support/service.ts'

const year = new Date().getUTCFullYear()

/** What a table consists of, by name. Indexes of partitions and copies of foreign keys to them are not part of it. */
const partsSql = `
  SELECT c.relname AS table, 'index' AS part, regexp_replace(pg_get_indexdef(x.indexrelid), ' ON ONLY ', ' ON ') AS says FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
  WHERE c.relname IN ('step', 'step_container', 'event_log', 'event_device')
  UNION ALL
  SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
  WHERE conparentid = 0 AND contype <> 'n' AND NOT (SELECT relispartition FROM pg_class WHERE oid = conrelid) AND connamespace = 'public'::regnamespace
  UNION ALL
  SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0
  UNION ALL
  SELECT table_name, column_name, concat_ws(' ', data_type, is_nullable, column_default, generation_expression) FROM information_schema.columns
  WHERE table_schema = 'public' AND table_name NOT IN (SELECT relname FROM pg_class WHERE relispartition)
  UNION ALL
  SELECT viewname, 'view', definition FROM pg_views WHERE schemaname = 'public'
  UNION ALL
  SELECT proname, 'function', pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
  ORDER BY 1, 2, 3`

const wash = (start: string, id = uuidv7()): object => ({ id, device: 'Washer', data: { fct: 'wash' }, start, finish: new Date(Date.parse(start) + 60_000).toISOString(), containers: ['P1'] })

t.test('partitions have every column, constraint, index, trigger, view and function of a database without them', async (t) => {
  const [plain, divided] = [await aDatabase(t), await aDatabase(t)]
  const partitions = await partitionHistory(divided, {})
  t.match(await inspectDatabase(divided, migrations), { missing: [], altered: [], prepared: { until: new Date(Date.UTC(year + 6, 0, 1)), revisions_left: 25_000_000 } })
  t.notOk('prepared' in await inspectDatabase(plain, migrations))
  t.match(partitions[0], { table: 'step', name: `step_until_${year}`, holds: /^FOR VALUES FROM \(MINVALUE\) TO/, is_new: true })
  t.same(await sql(divided, partsSql), await sql(plain, partsSql))
})

t.test('a service goes on while its history is divided, and nothing is lost', async (t) => {
  const lab = await aLabAtWork(t)
  await sql(lab.url, 'CREATE VIEW washes AS SELECT id, start FROM step_state; CREATE INDEX mine ON step (session); GRANT SELECT ON step TO PUBLIC')
  const before = await aSavedDump(lab.url)
  const { body: { items } } = await lab.get('/api/steps')
  await partitionHistory(lab.url, {})
  t.same(await aSavedDump(lab.url), before)
  t.same((await lab.get('/api/steps')).body.items, items)
  t.same(await sql(lab.url, 'SELECT count(*)::int AS n FROM washes'), [{ n: (items as object[]).length }])
  t.match(await sql(lab.url, "SELECT has_table_privilege('public', 'step', 'SELECT') AS can, (SELECT count(*)::int FROM pg_indexes WHERE indexname = 'mine') AS indexes"), [{ can: true, indexes: 1 }])
})

t.test('steps whose ids are of later years, or of no time, stay findable when their partition is made', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  await lab.post('/api/containers', { device: 'Washer', barcode: 'P1' })
  const ids = ['ffffffff-ffff-4fff-8fff-ffffffffffff', firstIdOf(year + 3).replace('0000-0000-0000', '7000-8000-0001'), firstIdOf(year + 9).replace('0000-0000-0000', '7000-8000-0001')]
  for (const id of ids) t.match(await lab.post('/api/steps', wash('2026-03-02T09:00:00Z', id)), { status: 201 })
  const where = async () => await sql(lab.url, `
    SELECT s.id, tableoid::regclass::text AS partition, (SELECT count(*)::int FROM container_of_step sc WHERE sc.step_id = s.id) AS containers FROM step s ORDER BY id`)
  await partitionHistory(lab.url, {})
  t.match(await where(), [{ partition: `step_${year + 3}`, containers: 1 }, { partition: 'step_other', containers: 1 }, { partition: 'step_other', containers: 1 }])
  t.notOk((await partitionHistory(lab.url, {})).some(({ is_new }) => is_new), 'a second time finds everything there')
  const dry = await partitionHistory(lab.url, { until: year + 10, dryRun: true })
  t.equal(dry.filter(({ is_new }) => is_new).length, 10)
  t.match(await where(), [{}, { partition: 'step_other' }, {}])
  t.same((await partitionHistory(lab.url, { until: year + 10 })).map(({ name }) => name), dry.map(({ name }) => name))
  t.match(await where(), [{ partition: `step_${year + 3}`, containers: 1 }, { partition: `step_${year + 9}`, containers: 1 }, { partition: 'step_other', containers: 1 }])
  for (const id of ids) t.match(await lab.get(`/api/steps/${id}`), { status: 200, body: { id, containers: [{ barcode: 'P1' }] } })
})

t.test('events that are beyond the prepared partitions move into them, with what they concern', async (t) => {
  const lab = await aLab(t, { Hotel: 2, Washer: 1 })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  await partitionHistory(lab.url, {})
  await sql(lab.url, 'UPDATE lab SET revision = revision + 30000000')
  await lab.post('/api/containers/P1/move', { target_device: 'Washer' })
  await lab.post('/api/steps', wash('2026-03-02T09:00:00Z'))
  const events = async () => (await Promise.all(['', '?device=Washer', '?device=Hotel'].map(async (query) => (await lab.get(`/api/events${query}`)).body.items)))
  const partitionsOf = async (table: string) => (await sql(lab.url, `SELECT DISTINCT tableoid::regclass::text AS name FROM ${table} ORDER BY 1`)).map(({ name }: any) => name)
  const before = await events()
  t.ok((await partitionsOf('event_log')).includes('event_log_other'))
  await partitionHistory(lab.url, {})
  t.notOk([...await partitionsOf('event_log'), ...await partitionsOf('event_device')].some((name) => /_other$/.test(name)))
  t.same(await events(), before)
  t.match(await lab.post('/api/containers/P1/move', { target_device: 'Hotel' }), { status: 200 })
  t.match((await lab.get('/api/events?device=Washer')).body.items.length, before[1].length + 1, 'and later events are linked to their devices')
})

t.test('with --since, each step is in the partition of its year', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  await lab.post('/api/containers', { device: 'Washer', barcode: 'P1' })
  const idOf = (time: string): string => uuidv7({ msecs: Date.parse(time) })
  for (const time of ['2021-05-01T00:00:00Z', '2023-12-31T23:59:59.999Z', '2024-01-01T00:00:00Z']) await lab.post('/api/steps', wash(time, idOf(time)))
  const before = await aSavedDump(lab.url)
  const here = await aCommandLine(null, { DATABASE_URL: lab.url })
  t.match(await here.platformStatus('partition', '--since', '2022', '--until', '2024'), { code: 0, err: '', out: /^\d+ partitions were made\.\n[^]*\nstep +step_until_2022 +[^]*\nstep +step_2024 / })
  t.same(await sql(lab.url, 'SELECT tableoid::regclass::text AS partition FROM step ORDER BY id'), [{ partition: 'step_until_2022' }, { partition: 'step_2023' }, { partition: 'step_2024' }])
  t.same(await aSavedDump(lab.url), before)
  t.match(await here.platformStatus('partition', '--since', '22'), { code: 2, err: /four digits/ })
})

t.test('a backup of partitions is one of the plain tables', async (t) => {
  const lab = await aLabAtWork(t)
  await partitionHistory(lab.url, {})
  const file = `${await aFolder(t)}/lab`
  t.match(await (await aCommandLine(null, { DATABASE_URL: lab.url })).platformStatus('backup', file), { code: 0 })
  const url = await anEmptyDatabase(t)
  t.match(await (await aCommandLine(null, { DATABASE_URL: url })).platformStatus('restore', file), { code: 0, err: '' })
  t.same(await aSavedDump(url), await aSavedDump(lab.url))
  t.same(await sql(url, 'SELECT count(*)::int AS n FROM pg_class WHERE relispartition'), [{ n: 0 }])
})

t.test('tables in use, and a database without tables, are told; nothing changes', async (t) => {
  const url = await aDatabase(t)
  const reader = new pg.Client({ connectionString: url })
  await reader.connect()
  t.teardown(() => reader.end())
  await reader.query('BEGIN; SELECT FROM step')
  const here = await aCommandLine(null, { DATABASE_URL: url })
  t.match(await here.platformStatus('partition'), { code: 1, out: '', err: /were in use for 10 seconds\. Nothing has changed/ })
  await reader.query('COMMIT')
  t.same(await sql(url, 'SELECT count(*)::int AS n FROM pg_class WHERE relispartition'), [{ n: 0 }])
  const empty = await aCommandLine(null, { DATABASE_URL: await anEmptyDatabase(t) })
  t.match(await empty.platformStatus('partition'), { code: 1, err: /Start the service once/ })
})
