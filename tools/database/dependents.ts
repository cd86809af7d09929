// What depends on a function or a view, as PostgreSQL records it, and the order in which such things can be dropped.
import type pg from 'pg'

/** `known` says whether it can be dropped and created again: a function, a view or a trigger. */
export type Dependent = { key: string, known: boolean }

// Functions are recorded as they are, views by their row type (and its array type) and by the rule that holds their query.
const edges = `
  WITH thing AS (
    SELECT 'pg_proc'::regclass AS classid, p.oid AS objid, 'function ' || p.oid::regprocedure AS key FROM pg_proc p
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, 'view ' || c.oid::regclass FROM pg_class c WHERE c.relkind = 'v'
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, 'view ' || c.oid::regclass
    FROM pg_class c JOIN pg_type r ON r.oid = c.reltype JOIN pg_type t ON t.oid IN (r.oid, r.typarray) WHERE c.relkind = 'v'
    UNION ALL
    SELECT 'pg_rewrite'::regclass, w.oid, 'view ' || c.oid::regclass FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class WHERE c.relkind = 'v'
    UNION ALL
    SELECT 'pg_trigger'::regclass, t.oid, format('trigger %I ON %s', t.tgname, t.tgrelid::regclass) FROM pg_trigger t WHERE NOT t.tgisinternal
  )
  SELECT DISTINCT target.key AS "on", coalesce(dependent.key, pg_describe_object(d.classid, d.objid, d.objsubid)) AS key, dependent.key IS NOT NULL AS known
  FROM pg_depend d
  JOIN thing target ON target.classid = d.refclassid AND target.objid = d.refobjid
  LEFT JOIN thing dependent ON dependent.classid = d.classid AND dependent.objid = d.objid
  WHERE d.deptype IN ('n', 'a') AND d.refobjid >= 16384 AND target.key IS DISTINCT FROM dependent.key
  ORDER BY 1, 2`

/** For each function and view, by its key: what depends on it. */
export async function readDependents (client: pg.ClientBase): Promise<Map<string, Dependent[]>> {
  const { rows } = await client.query<Dependent & { on: string }>(edges)
  const dependents = new Map<string, Dependent[]>()
  for (const { on, key, known } of rows) dependents.set(on, [...dependents.get(on) ?? [], { key, known }])
  return dependents
}

/**
 * The things and all that depends on them, in the order in which they can be dropped. Throws if something depends on them that cannot be
 * dropped and created again, such as a column.
 */
export function withDependents (keys: Iterable<string>, dependents: ReadonlyMap<string, readonly Dependent[]>): string[] {
  const ordered = new Set<string>()
  const visit = (key: string): void => {
    if (ordered.has(key)) return
    for (const dependent of dependents.get(key) ?? []) {
      if (!dependent.known) throw new Error(`The ${key} must be dropped to be changed, and the ${dependent.key} depends on it: write this migration by hand.`)
      visit(dependent.key)
    }
    ordered.add(key)
  }
  for (const key of keys) visit(key)
  return [...ordered]
}

/** The statements that drop things, given by their keys. */
export function dropsOf (keys: readonly string[]): string[] {
  return keys.map((key) => {
    const [, kind, id] = /^(\w+) (.*)$/.exec(key)!
    return `DROP ${kind!.toUpperCase()} ${id}`
  })
}
