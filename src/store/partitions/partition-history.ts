import pg from 'pg'
import { OperatorError } from '../../domain/operator-error.ts'
import { boundsByRevision, boundsByYear, revisionsAPartition } from './bounds.ts'
import { divideTable } from './divide-table.ts'
import { preparePartitions } from './prepare-partitions.ts'

/** `since`: the first year with a partition of its own; without it, that is the next year. `until`: the last year that is prepared; the default is in five years. */
export type PartitionOptions = { since?: number | undefined, until?: number | undefined, dryRun?: boolean }

/** A partition as it is now; `rows` as PostgreSQL estimates them. */
export type Partition = { table: string, name: string, holds: string, rows: number, bytes: number, is_new: boolean }

type History = { revision: number, year: number }

/** The tables that grow with the history, and the column by which they are divided. */
const divided = [
  { table: 'step', key: 'id', by: 'year' }, { table: 'step_container', key: 'step_id', by: 'year' },
  { table: 'event_log', key: 'revision', by: 'revision' }, { table: 'event_device', key: 'revision', by: 'revision' }
] as const

/** UUIDs of version 7 count from this year on. */
const firstYear = 1970
const yearsAhead = 5
const revisionsAhead = 4 * revisionsAPartition
/** Requests wait behind a command that waits for readers, but not for longer than this; those that have the lab lock are tried again for 5 s. */
const lockTimeout = '10s'

/**
 * Divides the tables that grow with the history into partitions, or prepares the missing partitions of tables that are divided already. It is one transaction,
 * and nobody reads or writes these tables meanwhile. Without `since`, what is there stays where it is and becomes the first partition: no row is copied, except
 * steps with an id that is not of this year or earlier. With it, all steps are copied to the partitions of their years.
 *
 * Throws an OperatorError if the tables are in use for longer than 10 s. Nothing has changed then.
 */
export async function partitionHistory (url: string, { since, until, dryRun = false }: PartitionOptions): Promise<Partition[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'platform-status partition', keepAlive: true })
  // The current query fails with the same error.
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(`BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '${lockTimeout}'`)
    await lockAll(client)
    const history = await readHistory(client)
    const before = new Set((await readPartitions(client)).map(({ name }) => name))
    const last = { year: until ?? history.year + yearsAhead, revision: history.revision + revisionsAhead }
    for (const { table, key, by } of divided) {
      if (!await isDivided(client, table)) {
        const bounds = by === 'year' ? boundsByYear(table, Math.min(since ?? history.year, history.year), history.year) : boundsByRevision(table, history.revision, history.revision)
        await divideTable(client, { table, key, bounds })
      }
      await preparePartitions(client, { table, key, bounds: by === 'year' ? boundsByYear(table, firstYear, last.year) : boundsByRevision(table, 0, last.revision) })
    }
    const partitions = await readPartitions(client)
    await client.query(dryRun ? 'ROLLBACK' : 'COMMIT')
    return partitions.map((partition) => ({ ...partition, is_new: !before.has(partition.name) }))
  } finally {
    await client.end()
  }
}

async function isDivided (client: pg.Client, table: string): Promise<boolean> {
  const { rows: [found] } = await client.query<{ relkind: string }>('SELECT relkind FROM pg_class WHERE oid = $1::regclass', [table])
  return found!.relkind === 'p'
}

/** All at once and first, so that what is read afterwards stays true. The lab is last, as in all commands. */
async function lockAll (client: pg.Client): Promise<void> {
  try {
    await client.query(`LOCK TABLE ${divided.map(({ table }) => table).join(', ')}, lab IN ACCESS EXCLUSIVE MODE`)
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === '55P03') throw new OperatorError('The tables were in use for 10 seconds. Nothing has changed. Run this again when less is going on, or stop the service meanwhile.', { cause: error })
    if (code === '42P01') throw new OperatorError('This database has no tables of the service yet. Start the service once, which makes them, then run this again.', { cause: error })
    throw error
  }
}

async function readHistory (client: pg.Client): Promise<History> {
  const { rows: [history] } = await client.query<History>(
    "SELECT revision::float8 AS revision, extract(year FROM now() AT TIME ZONE 'UTC')::int AS year FROM lab")
  return history!
}

async function readPartitions (client: pg.Client): Promise<Omit<Partition, 'is_new'>[]> {
  const { rows } = await client.query<Omit<Partition, 'is_new'>>(`
    SELECT i.inhparent::regclass::text AS table, c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS holds,
      greatest(c.reltuples, 0)::float8 AS rows, pg_total_relation_size(c.oid)::float8 AS bytes
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = ANY ($1::regclass[]) AND c.relkind = 'r'
    ORDER BY array_position($1::regclass[], i.inhparent::regclass), pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', c.oid`, [divided.map(({ table }) => table)])
  return rows
}
