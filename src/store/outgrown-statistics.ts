import type pg from 'pg'

// Autovacuum looks once a minute, and a bulk load takes less. Until then PostgreSQL would plan for a table of a few rows.
const outgrown = `
  SELECT relname AS name FROM pg_class
  WHERE oid = ANY ('{step, run, experiment, step_container, container, position, placement, event_log, event_device}'::regclass[])
    AND pg_stat_get_mod_since_analyze(oid) > 1000 + greatest(reltuples, 0)`

/**
 * Refreshes the planner's statistics of tables that have doubled since their last ANALYZE. All connections then plan their
 * prepared statements again. Skips a table that another session analyses or vacuums, so it never waits.
 */
export async function refreshOutgrownStatistics (client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(outgrown)
  if (rows.length > 0) await client.query(`ANALYZE (SKIP_LOCKED) ${rows.map(({ name }) => name).join(', ')}`)
}
