import type pg from 'pg'
import { timeOfId } from './bounds.ts'

/** How far the partitions of a divided history reach: up to this time, and for so many more revisions. */
export type Prepared = { until: Date, revisions_left: number }

/** Undefined if the history is not divided into partitions, or if there are no tables yet. */
export async function readPrepared (client: pg.ClientBase): Promise<Prepared | undefined> {
  const { rows: ends } = await client.query<{ table: string, upper: string }>(`
    SELECT p.relname AS table, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''([^'']+)''\\)') AS upper
    FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN (to_regclass('step'), to_regclass('event_log')) AND p.relkind = 'p' AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'`)
  const endsOf = (table: string): string[] => ends.filter((end) => end.table === table).map(({ upper }) => upper)
  const [lastId, ...revisions] = [endsOf('step').sort().at(-1), ...endsOf('event_log').map(Number)]
  if (lastId === undefined) return undefined
  const { rows: [lab] } = await client.query<{ revision: number }>('SELECT revision::float8 AS revision FROM lab')
  return { until: timeOfId(lastId), revisions_left: Math.max(...revisions) - lab!.revision }
}
