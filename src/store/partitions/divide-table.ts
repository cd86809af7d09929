import type pg from 'pg'
import { type Bound, rangeOf } from './bounds.ts'
import { readDependents, readParts } from './definitions.sql.ts'
import { moveRows } from './move-rows.ts'
import { withoutReferences } from './references.ts'

/**
 * Makes a partitioned table of a plain one. The old table becomes the partition of the only bound. With several bounds, every row is copied to its partition, and the
 * old table is dropped: this takes as long as writing the table anew, and twice the space meanwhile. Rows beyond the bounds go to the partition for all others.
 */
export async function divideTable (client: pg.ClientBase, { table, key, bounds }: { table: string, key: string, bounds: readonly Bound[] }): Promise<void> {
  const [first, last] = [bounds[0]!, bounds.at(-1)!]
  const copy = bounds.length > 1
  const old = copy ? `${table}_before` : first.name
  const beyond = `${key} >= '${last.to}'`
  const other = `CREATE TABLE ${table}_other PARTITION OF ${table} DEFAULT`
  const parts = await readParts(client, table)
  const dependents = await readDependents(client, table)
  const { rows: [stored] } = await client.query<{ strays: boolean }>(`SELECT EXISTS (SELECT FROM ${table} WHERE ${beyond}) AS strays`)
  await withoutReferences(client, table, async () => {
    await runAll(client, [
      ...dependents.toReversed().map(({ drop }) => drop),
      ...parts.triggers.map(({ name }) => `DROP TRIGGER ${name} ON ${table}`),
      ...parts.indexes.map(({ name }) => `ALTER INDEX ${name} RENAME TO ${indexNameIn(old, name)}`),
      `ALTER TABLE ${table} RENAME TO ${old}`,
      `CREATE TABLE ${table} (LIKE ${old} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMMENTS INCLUDING STATISTICS) PARTITION BY RANGE (${key})`,
      ...copy ? bounds.map(({ name, ...bound }) => `CREATE TABLE ${name} PARTITION OF ${table} ${rangeOf(bound)}`) : [],
      ...stored!.strays ? [other] : []
    ])
    await moveRows(client, { from: old, to: table, where: copy ? null : beyond })
    await runAll(client, [
      ...copy ? [`DROP TABLE ${old}`] : [],
      ...parts.indexes.map(({ definition, constraint }) => constraint === null ? definition : `ALTER TABLE ${table} ADD ${constraint}`),
      ...parts.foreignKeys.map((definition) => `ALTER TABLE ${table} ADD ${definition}`),
      ...copy ? [] : [`ALTER TABLE ${table} ATTACH PARTITION ${old} ${rangeOf(first)}`],
      // PostgreSQL expects a table that it analyzed while it was empty to stay empty. So an empty partition is made afterwards.
      `ANALYZE ${table}`,
      ...stored!.strays ? [] : [other],
      ...parts.triggers.map(({ definition }) => definition), ...parts.grants, ...dependents.flatMap(({ create }) => create)
    ])
  })
}

async function runAll (client: pg.ClientBase, statements: readonly string[]): Promise<void> {
  await client.query(statements.join(';\n'))
}

/** PostgreSQL keeps 63 bytes of a name. */
function indexNameIn (partition: string, index: string): string {
  return `"${`${partition}_${index.replaceAll('"', '')}`.slice(0, 63)}"`
}
