import type pg from 'pg'
import { OperatorError } from '../domain/operator-error.ts'
import type { SavedSequence } from './format.ts'

/** A table of the database. `order` is an ORDER BY list that gives the same order on every server, whatever its locale. */
export type Table = { name: string, columns: string[], order: string }

type CatalogueRow = { name: string, columns: string[], key: { name: string, collated: boolean }[] | null, refers_to: string[] }

// Selects what is in the schema of the service and does not belong to an extension.
const ours = "= quote_ident(current_schema())::regnamespace AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.deptype = 'e' AND x.objid ="

/** Reads the tables from the catalogue, so new tables are included. A table comes after those it references, unless the reference is checked at the end. Throws an OperatorError for a circle. */
export async function readTables (client: pg.ClientBase): Promise<Table[]> {
  const { rows } = await client.query<CatalogueRow>(`
    SELECT c.relname AS name,
      (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
      (SELECT json_agg(json_build_object('name', a.attname, 'collated', a.attcollation <> 0) ORDER BY k.ordinality)
        FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, ordinality)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE i.indrelid = c.oid AND i.indisprimary) AS key,
      (SELECT coalesce(json_agg(DISTINCT r.relname), '[]') FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND NOT f.condeferred AND f.confrelid <> c.oid) AS refers_to
    FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace ${ours} c.oid)
    ORDER BY c.relname COLLATE "C"`)
  return inOrder(rows).map(({ name, columns, key }) => ({ name, columns, order: orderOf(columns, key) }))
}

function orderOf (columns: readonly string[], key: CatalogueRow['key']): string {
  if (key === null) return `(ROW(${columns.map(quoted).join(', ')})::text) COLLATE "C"`
  return key.map(({ name, collated }) => quoted(name) + (collated ? ' COLLATE "C"' : '')).join(', ')
}

function inOrder (rows: readonly CatalogueRow[]): CatalogueRow[] {
  const left = new Map(rows.map((row) => [row.name, row]))
  const ordered: CatalogueRow[] = []
  while (left.size > 0) {
    const next = [...left.values()].find(({ refers_to }) => !refers_to.some((name) => left.has(name)))
    if (next === undefined) throw new OperatorError(`The tables ${[...left.keys()].join(', ')} refer to each other in a circle, so none can be filled first.`)
    left.delete(next.name)
    ordered.push(next)
  }
  return ordered
}

/**
 * Tables whose rows no backup has. A session that somebody ended after the backup would be there again after a restore, and whoever has the file of a backup
 * should not learn who is signed in. The list of backups is left out, too: after a restore, the newest known backup is the one that was restored.
 */
export const emptyInBackups: readonly string[] = ['backup', 'session', 'sign_in_failure']

/** The COPY statement that reads a table, with rows in the order of its key. */
export function copyOut ({ name, columns, order }: Table): string {
  return `COPY (SELECT ${columns.map(quoted).join(', ')} FROM ${quoted(name)}${emptyInBackups.includes(name) ? ' WHERE false' : ''} ORDER BY ${order}) TO STDOUT`
}

export function copyIn ({ name, columns }: { name: string, columns: readonly string[] }): string {
  return `COPY ${quoted(name)} (${columns.map(quoted).join(', ')}) FROM STDIN`
}

/** Reads the sequences that were used, with their last values. */
export async function readSequences (client: pg.ClientBase): Promise<SavedSequence[]> {
  const { rows } = await client.query<SavedSequence>(`
    SELECT sequencename AS name, last_value::text FROM pg_sequences
    WHERE schemaname = current_schema() AND last_value IS NOT NULL ORDER BY sequencename`)
  return rows
}

/** The statements that disable all triggers of the tables, and those that restore their current state. */
export async function triggerStatements (client: pg.ClientBase): Promise<{ off: string[], on: string[] }> {
  const { rows } = await client.query<{ table: string, name: string, how: string }>(`
    SELECT c.relname AS table, t.tgname AS name, CASE t.tgenabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' ELSE '' END AS how
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND c.relnamespace ${ours} c.oid)`)
  return {
    off: rows.map(({ table, name }) => `ALTER TABLE ${quoted(table)} DISABLE TRIGGER ${quoted(name)}`),
    on: rows.map(({ table, name, how }) => `ALTER TABLE ${quoted(table)} ENABLE ${how}TRIGGER ${quoted(name)}`)
  }
}

/** The statements that drop everything in the schema, in order. The schema, its grants and its extensions stay. */
export async function readDrops (client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ statement: string }>(`
    SELECT statement FROM (
      SELECT CASE relkind WHEN 'S' THEN 2 ELSE 1 END AS turn, format('DROP %s IF EXISTS %I CASCADE', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
        WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, relname) AS statement
      FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND relnamespace ${ours} pg_class.oid)
      UNION ALL
      SELECT 3, format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc WHERE pronamespace ${ours} pg_proc.oid)
      UNION ALL
      SELECT 4, format('DROP TYPE IF EXISTS %I CASCADE', t.typname) FROM pg_type t
      WHERE t.typnamespace ${ours} t.oid) AND (t.typtype IN ('e', 'd', 'r')
        OR (t.typtype = 'c' AND EXISTS (SELECT FROM pg_class k WHERE k.oid = t.typrelid AND k.relkind = 'c')))
    ) everything ORDER BY turn, statement`)
  return rows.map(({ statement }) => statement)
}

/** A quoted SQL identifier. */
export function quoted (name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
