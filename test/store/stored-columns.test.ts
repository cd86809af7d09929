import pg from 'pg'
import t from 'tap'
import { aDatabase } from '../support/database.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'

// `psql` and `pg_restore` load a dump of `pg_dump` without a search path. What PostgreSQL computes for each row then (stored columns, checks, indexes)
// cannot call a function of ours that calls another one by its name.

t.test('the rows of every table can be loaded as a dump loads them', async (t) => {
  const lab = await aLabAtWork(t)
  await lab.app.close()
  const client = new pg.Client({ connectionString: lab.url })
  await client.connect()
  t.teardown(() => client.end())
  const { rows: tables } = await client.query<{ name: string, columns: string }>(`
    SELECT c.relname AS name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    GROUP BY c.relname ORDER BY 1`)
  t.ok(tables.length > 30)
  await client.query("BEGIN; SET LOCAL search_path = ''; SET LOCAL session_replication_role = replica")
  for (const { name, columns } of tables) {
    const all = async () => (await client.query(`SELECT * FROM public."${name}"`)).rows.map((row) => JSON.stringify(row)).sort()
    const before = await all()
    await client.query(`CREATE TEMP TABLE "dumped ${name}" ON COMMIT DROP AS SELECT ${columns} FROM public."${name}" ORDER BY ctid; DELETE FROM public."${name}"`)
    await t.resolves(client.query(`INSERT INTO public."${name}" (${columns}) SELECT ${columns} FROM pg_temp."dumped ${name}" ORDER BY ctid`), name)
    // PostgreSQL may put rows where others were, so they are not in their order.
    t.same(await all(), before, `${name}, with its stored columns`)
  }
  await client.query('ROLLBACK')
})

t.test('what step_exclusion says of a doubt is what step_doubt says, whoever decided', async (t) => {
  const client = new pg.Client({ connectionString: await aDatabase(t) })
  await client.connect()
  t.teardown(() => client.end())
  const codes = ['clock-skew', 'clock-ahead', 'clock-behind', 'finish-before-start', 'implausible-duration', 'unknown-status', 'paused-throughout', 'unknown-container']
  const sets = [[], ...codes.map((code) => [code]), ...codes.flatMap((one) => codes.map((other) => [one, other]))]
  const { rows } = await client.query<{ codes: string, decision: boolean | null, found: string | null, wanted: string | null }>(`
    SELECT s.warnings::text AS codes, d.decision, step_exclusion('completed', now(), false, d.decision, s.warnings) AS found,
      coalesce(CASE WHEN d.decision IS NOT FALSE THEN step_doubt(s.warnings) END,
        CASE WHEN s.warnings @> '[{"code": "paused-throughout"}]' THEN 'paused-throughout' END, CASE WHEN d.decision THEN 'by-hand' END) AS wanted
    FROM jsonb_array_elements($1::jsonb) AS s (warnings) CROSS JOIN (VALUES (NULL::boolean), (true), (false)) AS d (decision)`,
  [JSON.stringify(sets.map((codes) => codes.map((code) => ({ code }))))])
  t.equal(rows.length, sets.length * 3)
  t.same(rows.filter(({ found, wanted }) => found !== wanted), [])
})
