import type pg from 'pg'

// PostgreSQL cannot turn a table into a partitioned one: a new table takes its name. What refers to the old one is therefore read from the catalogue, dropped,
// and made again. So it need not be listed here, and what a laboratory added itself (an index, a view) is kept, too.

/** What belongs to a table: statements that make it again for another table of the same name. */
export type TableParts = {
  indexes: { name: string, definition: string, constraint: string | null }[]
  foreignKeys: string[], triggers: { name: string, definition: string }[], grants: string[]
}

/** A foreign key of another table to this one. */
export type Reference = { table: string, name: string, definition: string }

/** A view or function that cannot be without the table. Those that come later may use those before them. */
export type Dependent = { drop: string, create: string[] }

/** The indexes, foreign keys, triggers and grants of a table. */
export async function readParts (client: pg.ClientBase, table: string): Promise<TableParts> {
  const { rows: [row] } = await client.query<TableParts>(`
    SELECT
      (SELECT coalesce(json_agg(json_build_object('name', quote_ident(i.relname), 'definition', pg_get_indexdef(i.oid),
          'constraint', (SELECT format('CONSTRAINT %I %s', c.conname, pg_get_constraintdef(c.oid)) FROM pg_constraint c WHERE c.conindid = i.oid AND c.contype IN ('p', 'u')))
        ORDER BY i.relname), '[]') FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = t.oid) AS indexes,
      (SELECT coalesce(json_agg(format('CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) ORDER BY conname), '[]')
        FROM pg_constraint WHERE conrelid = t.oid AND contype = 'f' AND conparentid = 0) AS "foreignKeys",
      (SELECT coalesce(json_agg(json_build_object('name', quote_ident(tgname), 'definition', pg_get_triggerdef(oid)) ORDER BY tgname), '[]')
        FROM pg_trigger WHERE tgrelid = t.oid AND NOT tgisinternal) AS triggers,
      ${grantsOf('t', 't.oid::regclass')} AS grants
    FROM pg_class t WHERE t.oid = $1::regclass`, [table])
  return row!
}

export async function readReferences (client: pg.ClientBase, table: string): Promise<Reference[]> {
  const { rows } = await client.query<Reference>(`
    SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE confrelid = $1::regclass AND contype = 'f' AND conparentid = 0 ORDER BY 1, 2`, [table])
  return rows
}

/** The views and functions that use a table or its row type, and those that use them, in the order in which they can be made. */
export async function readDependents (client: pg.ClientBase, table: string): Promise<Dependent[]> {
  const { rows } = await client.query<Dependent>(`
    WITH RECURSIVE found AS (
      SELECT 'pg_class'::regclass AS class, $1::regclass::oid AS id, 0 AS depth
      UNION
      SELECT next.class, next.id, f.depth + 1
      FROM found f
      -- a row type and its array type stand for their relation
      CROSS JOIN LATERAL (
        SELECT f.class AS class, f.id AS id
        UNION ALL SELECT 'pg_type'::regclass, y.id FROM pg_type t CROSS JOIN LATERAL (VALUES (t.oid), (t.typarray)) y (id) WHERE f.class = 'pg_class'::regclass AND t.typrelid = f.id
      ) used
      JOIN pg_depend d ON d.refclassid = used.class AND d.refobjid = used.id
      CROSS JOIN LATERAL (
        SELECT 'pg_class'::regclass AS class, w.ev_class AS id FROM pg_rewrite w WHERE d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
        UNION ALL SELECT 'pg_proc'::regclass, d.objid WHERE d.classid = 'pg_proc'::regclass
      ) next
      WHERE (next.class, next.id) <> (f.class, f.id) AND f.depth < 50
    ),
    ordered AS (SELECT class, id, max(depth) AS depth FROM found WHERE depth > 0 GROUP BY class, id)
    SELECT * FROM (
      SELECT o.depth, v.oid::regclass::text AS name,
        format('DROP %s %s', CASE v.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, v.oid::regclass) AS drop,
        to_json(array_cat(ARRAY[format('CREATE %s %s%s AS %s', CASE v.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, v.oid::regclass,
          coalesce(' WITH (' || array_to_string(v.reloptions, ', ') || ')', ''), pg_get_viewdef(v.oid))],
          ARRAY(SELECT format('COMMENT ON %s %s IS %L', CASE v.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, v.oid::regclass, description)
            FROM pg_description WHERE classoid = 'pg_class'::regclass AND objoid = v.oid AND objsubid = 0)
          || ARRAY(SELECT json_array_elements_text(${grantsOf('v', 'v.oid::regclass')}))
          || ARRAY(SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = v.oid))) AS create
      FROM ordered o JOIN pg_class v ON o.class = 'pg_class'::regclass AND v.oid = o.id
      UNION ALL
      SELECT o.depth, p.oid::regprocedure::text, format('DROP ROUTINE %s', p.oid::regprocedure),
        to_json(array_cat(ARRAY[pg_get_functiondef(p.oid)],
          ARRAY(SELECT format('COMMENT ON FUNCTION %s IS %L', p.oid::regprocedure, description) FROM pg_description WHERE classoid = 'pg_proc'::regclass AND objoid = p.oid)))
      FROM ordered o JOIN pg_proc p ON o.class = 'pg_proc'::regclass AND p.oid = o.id
    ) dependent ORDER BY depth, name`, [table])
  return rows
}

/** An expression: the grants on a relation as a JSON array of statements. Those of the owner come by themselves. */
function grantsOf (row: string, name: string): string {
  return `(SELECT coalesce(json_agg(format('GRANT %s ON %s TO %s', a.privilege_type, ${name}, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END)), '[]')
    FROM aclexplode(${row}.relacl) a WHERE a.grantee <> ${row}.relowner)`
}
