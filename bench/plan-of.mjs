// How PostgreSQL executed a statement.

/** Tables that grow for ever: reading one from end to end must have a reason. */
const growing = new Set(['step', 'event', 'container', 'step_container', 'experiment', 'process', 'run', 'event_device'])

/** Milliseconds, buffers, rows that a filter dropped, the indexes used and the growing tables read from end to end. Undone, whatever it changes. */
export async function planOf (pool, { text, values }) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const { rows: [{ 'QUERY PLAN': [plan] }] } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values)
    const nodes = nodesOf(plan.Plan)
    return {
      ms: plan['Execution Time'],
      buffers: plan.Plan['Shared Hit Blocks'] + plan.Plan['Shared Read Blocks'],
      dropped: nodes.reduce((total, node) => total + (node['Rows Removed by Filter'] ?? 0) * node['Actual Loops'], 0),
      indexes: nodes.filter((node) => node['Index Name'] && node['Actual Loops'] > 0).map((node) => node['Index Name']),
      scans: nodes.filter(isScan).map((node) => node['Relation Name'])
    }
  } finally {
    await client.query('ROLLBACK').catch(() => {})
    client.release()
  }
}

function isScan (node) {
  const read = ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
  // a table of a few pages is read faster than its index
  return node['Node Type'] === 'Seq Scan' && growing.has(node['Relation Name']) && read > 1000
}

function nodesOf (node) {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)]
}
