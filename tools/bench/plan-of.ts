// How PostgreSQL executed a statement.
import type pg from 'pg'
import type { Statement } from './service.ts'

/** Indexes that were used, and growing tables that were read from end to end. */
export type PlanSummary = { ms: number, buffers: number, filteredRows: number, indexes: string[], scans: string[] }

type PlanNode = {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Actual Rows'?: number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  Plans?: PlanNode[]
}

export type Explained = { 'QUERY PLAN': [{ Plan: PlanNode, 'Execution Time': number }] }

/** Tables that grow for ever. Reading one from end to end must have a reason. */
const growing = new Set(['step', 'event_log', 'container', 'step_container', 'experiment', 'process', 'run', 'event_device'])

/** Executes the statement and undoes what it changed. */
export async function planOf (pool: pg.Pool, { text, values }: Statement): Promise<PlanSummary> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const { rows: [explained] } = await client.query<Explained>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values)
    const [plan] = explained!['QUERY PLAN']
    const nodes = nodesOf(plan.Plan)
    return {
      ms: plan['Execution Time'],
      buffers: plan.Plan['Shared Hit Blocks'] + plan.Plan['Shared Read Blocks'],
      filteredRows: nodes.reduce((total, node) => total + (node['Rows Removed by Filter'] ?? 0) * node['Actual Loops'], 0),
      indexes: nodes.flatMap((node) => node['Index Name'] !== undefined && node['Actual Loops'] > 0 ? [node['Index Name']] : []),
      scans: nodes.flatMap((node) => scannedBy(node) ?? [])
    }
  } finally {
    await client.query('ROLLBACK').catch(() => {})
    client.release()
  }
}

/** The growing table that a node reads from end to end. A table of a few pages does not count: it is read faster than its index. */
function scannedBy (node: PlanNode): string | undefined {
  const table = node['Relation Name']
  const read = ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
  return node['Node Type'] === 'Seq Scan' && table !== undefined && growing.has(table) && read > 1000 ? table : undefined
}

function nodesOf (node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)]
}
