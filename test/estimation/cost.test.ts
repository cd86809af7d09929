import t from 'tap'
import { aStep } from '../support/log.ts'
import { aLab, type Service } from '../support/service.ts'

// What an estimate and a logged step may read. `npm run bench:estimates` measures times; tests can only assert plans.

type Node = { 'Node Type': string, 'Relation Name'?: string, 'Heap Fetches'?: number, 'Actual Rows': number, 'Actual Loops': number, Plans?: Node[] }
type Statement = { text: string, values: unknown[] }

const functions = 40
const plans = 250

/** A hundred thousand operations: 40 functions on 4 devices, each with many parameters. */
async function aLongHistory (service: Service): Promise<void> {
  const { pool } = service.app.database
  // VACUUM marks a page as visible to all only once the WAL of its last change is flushed, which the tests' server puts off
  await pool.query('SET synchronous_commit = on')
  // at random times it would keep VACUUM from marking what it works on
  await pool.query('ALTER TABLE step SET (autovacuum_enabled = off)')
  await pool.query(`
    INSERT INTO step (id, device_id, kind, status, start, finish, data, created_as, match_version, match_function, match_parameters)
    SELECT gen_random_uuid(), (SELECT id FROM device ORDER BY name OFFSET n % 4 LIMIT 1), 'operation', 'completed',
      '2025-01-01'::timestamptz + n * interval '1 minute', '2025-01-01'::timestamptz + n * interval '1 minute' + (5 + n % 7) * interval '1 second',
      '{}', '', 1, 'f:function ' || n % ${functions}, md5((n % ${plans})::text)::uuid
    FROM generate_series(1, 100000) n`)
  // the operation that the request below asks for has more samples than the window holds
  for (let index = 0; index < functions; index++) await service.post('/api/steps', aStep({ device: 'Reader', data: { fct: `function ${index}` } }))
  await pool.query('VACUUM ANALYZE')
}

async function statementsOf (service: Service, run: () => Promise<unknown>): Promise<Statement[]> {
  const asked: Statement[] = []
  const { pool } = service.app.database
  const { query } = pool
  pool.query = function (this: typeof pool, ...given: [Statement]) {
    asked.push(given[0])
    return (query as any).apply(this, given)
  } as any
  await run()
  pool.query = query
  return asked
}

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

t.test('over a hundred thousand steps', async (t) => {
  const service = await aLab(t, { Reader: 1, Washer: 1, Sealer: 1, Hotel: 1 }, { DATABASE_POOL_MAX: '1' })
  await aLongHistory(service)
  const steps = Array.from({ length: 1000 }, (_, index) => ({ device: ['Reader', 'Washer', 'Sealer', 'Hotel'][index % 4], data: { fct: `function ${index % functions}` } }))

  await t.test('a batch is one statement that reads nothing of the steps but indexes', async (t) => {
    const ask = () => service.post('/api/estimates/batch', { steps })
    await ask()
    // the service also looks up the key of the caller now and then
    const asked = (await statementsOf(service, ask)).filter(({ text }) => !/\bapi_key\b/.test(text))
    t.equal(asked.length, 1)
    const [{ text, values }] = asked as [Statement]
    const { rows: [{ 'QUERY PLAN': [{ Plan: plan }] }] } = await service.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values) as any
    const scans = nodesOf(plan).filter((node) => node['Relation Name'] === 'step')
    const executed = scans.filter((node) => node['Actual Loops'] > 0)
    t.ok(executed.length > 0)
    for (const scan of scans) t.equal(scan['Node Type'], 'Index Only Scan')
    for (const scan of executed) {
      t.equal(scan['Heap Fetches'], 0)
      t.ok(scan['Actual Rows'] <= 200, `${scan['Actual Rows']} rows for a question, never more than a window`)
    }
  })

  await t.test('what a wider level lends to few samples is read from an index alone, and no more of it than it needs', async (t) => {
    const { pool } = service.app.database
    const read = async () => {
      await pool.query('SELECT pg_stat_force_next_flush()')
      const { rows } = await pool.query(`SELECT idx_scan::int AS scans, idx_tup_read::int AS entries, idx_tup_fetch::int AS rows
        FROM pg_stat_user_indexes WHERE indexrelname = 'step_key_4_idx'`)
      return rows[0] as { scans: number, entries: number, rows: number }
    }
    const before = await read()
    const { body } = await service.post('/api/estimates', { step: { device: 'Reader', data: { fct: 'function 1' } }, confidence: 0.9999 })
    t.match(body, { method: 'substitute', level: 'parameters' })
    const after = await read()
    t.same({ scans: after.scans - before.scans, entries: after.entries - before.entries, rows: after.rows - before.rows }, { scans: 1, entries: 200, rows: 0 })
  })

  await t.test('writing a step reads no history', async (t) => {
    // on the one connection that also writes: its first query reports the counts
    const reads = async () => {
      const { pool } = service.app.database
      await pool.query('SELECT pg_stat_force_next_flush()')
      return (await pool.query("SELECT indexrelname, idx_scan FROM pg_stat_user_indexes WHERE indexrelname LIKE 'step\\_key\\_%' ORDER BY 1")).rows as unknown[]
    }
    const before = await reads()
    t.equal(before.length, 5)
    for (const fct of ['function 1', 'never heard of']) t.match(await service.post('/api/steps', aStep({ device: 'Reader', data: { fct } })), { status: 201 })
    t.same(await reads(), before)
  })
})
