import type pg from 'pg'

// What a plan for a table of a few rows costs over many: autovacuum looks once a minute, a bulk load takes less.
const outgrown = `
  SELECT relname AS name FROM pg_class
  WHERE oid = ANY ('{step, run, experiment, step_container, container, event, event_device}'::regclass[])
    AND pg_stat_get_mod_since_analyze(oid) > 1000 + greatest(reltuples, 0)`

/**
 * Tells the planner anew of the tables that have doubled since it was told last, and so lets all connections plan again. Reads a
 * sample, waits for nobody: what somebody else analyses or vacuums is left to them.
 */
export async function refreshOutgrownStatistics (client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(outgrown)
  if (rows.length > 0) await client.query(`ANALYZE (SKIP_LOCKED) ${rows.map(({ name }) => name).join(', ')}`)
}
