// What a database consists of, as text. Two databases with the same text have the same schema.
import pg from 'pg'

/**
 * A thing of the schema. `id` is how SQL names it: `lock_lab()`, `container_state`, `event_links_devices ON event`. `name` is without arguments
 * or table. `fromFile` says whether prisma/sql must define it.
 */
export type Thing = { kind: keyof typeof queries, id: string, name: string, definition: string, fromFile: boolean }

// Without what belongs to an extension, and without the table of Prisma.
const ours = (oid: string, namespace: string) => `${namespace} = quote_ident(current_schema())::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e' AND e.objid = ${oid})`
const ourTables = `c.relname <> '_prisma_migrations' AND ${ours('c.oid', 'c.relnamespace')}`

// Stored columns, constraints and indexes keep the results of such a function, so it belongs to the migrations.
const usedByTables = `EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid
  AND d.classid IN ('pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_class'::regclass))`

const queries = {
  function: `
    SELECT p.oid::regprocedure::text AS id, p.proname AS name, NOT ${usedByTables} AS from_file,
      concat_ws(E'\\n', pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc')) AS definition
    FROM pg_proc p WHERE p.prokind IN ('f', 'p') AND ${ours('p.oid', 'p.pronamespace')}`,
  view: `
    SELECT c.oid::regclass::text AS id, c.relname AS name, true AS from_file,
      concat_ws(E'\\n', c.reloptions::text, pg_get_viewdef(c.oid), obj_description(c.oid, 'pg_class'),
        (SELECT string_agg(format('%s %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
         FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)) AS definition
    FROM pg_class c WHERE c.relkind = 'v' AND ${ourTables}`,
  trigger: `
    SELECT format('%I ON %s', t.tgname, t.tgrelid::regclass) AS id, t.tgname AS name, true AS from_file,
      concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger')) AS definition
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND ${ourTables}`,
  table: `
    SELECT c.oid::regclass::text AS id, c.relname AS name, false AS from_file, concat_ws(' ', c.relkind, c.reloptions::text) AS definition
    FROM pg_class c WHERE c.relkind IN ('r', 'p') AND ${ourTables}`,
  'materialized view': `
    SELECT c.oid::regclass::text AS id, c.relname AS name, false AS from_file, pg_get_viewdef(c.oid) AS definition
    FROM pg_class c WHERE c.relkind = 'm' AND ${ourTables}`,
  column: `
    SELECT format('%s.%I', c.oid::regclass, a.attname) AS id, a.attname AS name, false AS from_file,
      concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END, a.attidentity, a.attgenerated,
        pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)) AS definition
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p', 'c') AND a.attnum > 0 AND NOT a.attisdropped AND ${ourTables}`,
  constraint: `
    SELECT format('%I ON %s', k.conname, k.conrelid::regclass) AS id, k.conname AS name, false AS from_file, pg_get_constraintdef(k.oid) AS definition
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE ${ourTables}`,
  index: `
    SELECT c.oid::regclass::text AS id, c.relname AS name, false AS from_file, pg_get_indexdef(c.oid) AS definition
    FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
    WHERE i.indrelid <> to_regclass('_prisma_migrations') IS NOT FALSE AND ${ourTables}`,
  sequence: `
    SELECT c.oid::regclass::text AS id, c.relname AS name, false AS from_file, s::text AS definition
    FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid WHERE ${ourTables}`,
  type: `
    SELECT t.oid::regtype::text AS id, t.typname AS name, false AS from_file,
      concat_ws(' ', t.typtype, (SELECT string_agg(l.enumlabel, ', ' ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid)) AS definition
    FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('e', 'd') OR c.relkind = 'c') AND ${ours('t.oid', 't.typnamespace')}`
}

/** Everything in the current schema, sorted. */
export async function readCatalogue (client: pg.ClientBase): Promise<Thing[]> {
  const things: Thing[] = []
  for (const [kind, query] of Object.entries(queries) as [Thing['kind'], string][]) {
    const { rows } = await client.query<{ id: string, name: string, from_file: boolean, definition: string }>(`SELECT * FROM (${query}) things ORDER BY id COLLATE "C"`)
    things.push(...rows.map(({ id, name, from_file: fromFile, definition }) => ({ kind, id, name, definition, fromFile })))
  }
  return things
}

/** Kind and id, as `function lock_lab()`. */
export function keyOf ({ kind, id }: Thing): string {
  return `${kind} ${id}`
}

/** The catalogue as one text. */
export function catalogueText (things: readonly Thing[]): string {
  return things.map((thing) => `${keyOf(thing)}: ${thing.definition}\n`).join('')
}

/** Runs `work` with a connection to the database. */
export async function withClient<T> (url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
