import type pg from 'pg'

// Autovacuum looks once a minute, and a bulk load takes less. Until then PostgreSQL would plan for a table of a few rows. It never looks at a table that is
// divided into partitions, only at each of them. From PostgreSQL 18 on, it can be analyzed without its partitions. Empty partitions must not be analyzed: PostgreSQL would expect them to stay empty.
const outgrown = `
  SELECT c.relname AS name, c.relkind = 'p' AS is_divided FROM pg_class c
  WHERE (c.oid = ANY ($1::regclass[]) OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = ANY ($1::regclass[])))
    AND CASE c.relkind
      WHEN 'r' THEN pg_stat_get_mod_since_analyze(c.oid) > 1000 + greatest(c.reltuples, 0)
      ELSE current_setting('server_version_num')::int >= 180000 AND 1000 + 2 * greatest(c.reltuples, 0) <
        (SELECT sum(greatest(part.reltuples, 0) + pg_stat_get_mod_since_analyze(part.oid)) FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid WHERE inhparent = c.oid)
    END`

const growing = ['step', 'run', 'experiment', 'step_container', 'container', 'position', 'placement', 'event_log', 'event_device']

/**
 * Refreshes the planner's statistics of tables that have doubled since their last ANALYZE. All connections then plan their
 * prepared statements again. Skips a table that another session analyses or vacuums, so it never waits.
 */
export async function refreshOutgrownStatistics (client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string, is_divided: boolean }>(outgrown, [growing])
  if (rows.length > 0) await client.query(`ANALYZE (SKIP_LOCKED) ${rows.map(({ name, is_divided: isDivided }) => `${isDivided ? 'ONLY ' : ''}${name}`).join(', ')}`)
}
