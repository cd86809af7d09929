import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { aStep } from "../support/log.js";
import { aLab } from "../support/service.js";
const functions = 40;
const plans = 250;
/** A hundred thousand operations: of 40 functions on 4 devices, each with many parameters. */
async function aLongHistory(service) {
    const { pool } = service.app.database;
    // VACUUM marks a page as visible to all only once the WAL of its last change is flushed, which the tests' server puts off
    await pool.query('SET synchronous_commit = on');
    // at random times it would keep VACUUM from marking what it works on
    await pool.query('ALTER TABLE step SET (autovacuum_enabled = off)');
    await pool.query(`
    INSERT INTO step (id, device_id, kind, status, start, finish, data, created_as, match_version, match_function, match_parameters)
    SELECT gen_random_uuid(), (SELECT id FROM device ORDER BY name OFFSET n % 4 LIMIT 1), 'operation', 'completed',
      '2025-01-01'::timestamptz + n * interval '1 minute', '2025-01-01'::timestamptz + n * interval '1 minute' + (5 + n % 7) * interval '1 second',
      '{}', '', 1, 'f:function ' || n % ${functions}, md5((n % ${plans})::text)::uuid
    FROM generate_series(1, 100000) n`);
    // what the request below asks for has more than a window's worth of samples
    for (let index = 0; index < functions; index++)
        await service.post('/api/steps', aStep({ device: 'Reader', data: { fct: `function ${index}` } }));
    await pool.query('VACUUM ANALYZE');
}
async function statementsOf(service, run) {
    const asked = [];
    const { pool } = service.app.database;
    const { query } = pool;
    pool.query = function (...given) {
        asked.push(given[0]);
        return query.apply(this, given);
    };
    await run();
    pool.query = query;
    return asked;
}
const nodesOf = (node) => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
t.test('over a hundred thousand steps', async (t) => {
    const service = await aLab(t, { Reader: 1, Washer: 1, Sealer: 1, Hotel: 1 }, { DATABASE_POOL_MAX: '1' });
    await aLongHistory(service);
    const steps = Array.from({ length: 1000 }, (_, index) => ({ device: ['Reader', 'Washer', 'Sealer', 'Hotel'][index % 4], data: { fct: `function ${index % functions}` } }));
    await t.test('a batch is one statement that reads nothing of the steps but indexes', async (t) => {
        const ask = () => service.post('/api/estimates/batch', { steps });
        await ask();
        // who asks is looked up now and then
        const asked = (await statementsOf(service, ask)).filter(({ text }) => !/\bapi_key\b/.test(text));
        t.equal(asked.length, 1);
        const [{ text, values }] = asked;
        const { rows: [{ 'QUERY PLAN': [{ Plan: plan }] }] } = await service.app.database.pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values);
        const scans = nodesOf(plan).filter((node) => node['Relation Name'] === 'step');
        const executed = scans.filter((node) => node['Actual Loops'] > 0);
        t.ok(executed.length > 0);
        for (const scan of scans)
            t.equal(scan['Node Type'], 'Index Only Scan');
        for (const scan of executed) {
            t.equal(scan['Heap Fetches'], 0);
            t.ok(scan['Actual Rows'] <= 200, `${scan['Actual Rows']} rows for a question, never more than a window`);
        }
    });
    await t.test('what a wider level lends to few samples is read from an index alone, and no more of it than it needs', async (t) => {
        const { pool } = service.app.database;
        const read = async () => {
            await pool.query('SELECT pg_stat_force_next_flush()');
            const { rows } = await pool.query(`SELECT idx_scan::int AS scans, idx_tup_read::int AS entries, idx_tup_fetch::int AS rows
        FROM pg_stat_user_indexes WHERE indexrelname = 'step_key_4_idx'`);
            return rows[0];
        };
        const before = await read();
        const { body } = await service.post('/api/estimates', { step: { device: 'Reader', data: { fct: 'function 1' } }, confidence: 0.9999 });
        t.match(body, { method: 'substitute', level: 'parameters' });
        const after = await read();
        t.same({ scans: after.scans - before.scans, entries: after.entries - before.entries, rows: after.rows - before.rows }, { scans: 1, entries: 200, rows: 0 });
    });
    await t.test('writing a step reads no history', async (t) => {
        // on the one connection that also writes, whose counts the first query hands over
        const reads = async () => {
            const { pool } = service.app.database;
            await pool.query('SELECT pg_stat_force_next_flush()');
            return (await pool.query("SELECT indexrelname, idx_scan FROM pg_stat_user_indexes WHERE indexrelname LIKE 'step\\_key\\_%' ORDER BY 1")).rows;
        };
        const before = await reads();
        t.equal(before.length, 5);
        for (const fct of ['function 1', 'never heard of'])
            t.match(await service.post('/api/steps', aStep({ device: 'Reader', data: { fct } })), { status: 201 });
        t.same(await reads(), before);
    });
});
//# sourceMappingURL=cost.test.js.map