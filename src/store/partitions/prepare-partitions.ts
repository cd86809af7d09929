import type pg from 'pg'
import { type Bound, rangeOf } from './bounds.ts'
import { moveRows } from './move-rows.ts'
import { withoutReferences } from './references.ts'

/**
 * Makes the partitions of `bounds`, in order, that come after those of a divided table. Rows for them that were stored meanwhile are moved to them. The table must have
 * one that ends where one of `bounds` ends.
 */
export async function preparePartitions (
  client: pg.ClientBase, { table, key, bounds }: { table: string, key: string, bounds: readonly Bound[] }
): Promise<void> {
  const { rows: present } = await client.query<{ range: string }>(`
    SELECT pg_get_expr(c.relpartbound, c.oid) AS range FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass`, [table])
  const isPresent = ({ to }: Bound): boolean => present.some(({ range }) => range.endsWith(` TO ('${to}')`))
  const missing = bounds.slice(bounds.findLastIndex(isPresent) + 1)
  if (missing.length === 0) return
  const other = `${table}_other`
  const where = missing.map(({ from, to }) => `${key} >= '${from!}' AND ${key} < '${to}'`).join(' OR ')
  const { rows: [stored] } = await client.query<{ strays: boolean }>(`SELECT EXISTS (SELECT FROM ${other} WHERE ${where}) AS strays`)
  const make = async (): Promise<void> => {
    await client.query(missing.map(({ name, ...bound }) => `CREATE TABLE ${name} PARTITION OF ${table} ${rangeOf(bound)}`).join(';\n'))
  }
  if (!stored!.strays) {
    await make()
    return
  }
  await withoutReferences(client, table, async () => {
    await client.query(`ALTER TABLE ${table} DETACH PARTITION ${other}`)
    await make()
    await moveRows(client, { from: other, to: table, where })
    await client.query(`ALTER TABLE ${table} ATTACH PARTITION ${other} DEFAULT`)
  })
}
