// npm run bench:weight [-- --steps 200000] [--detail] [--database-url URL] [--json file]; see bench/README.md.
// What a command writes to the log of PostgreSQL (WAL), and what a step and an event take in its files.
import { parseArgs } from 'node:util'
import type pg from 'pg'
import { writeJson } from '../support/json.ts'
import { say } from '../support/say.ts'
import { withDatabaseServer } from './database-server.ts'
import { makeGrown } from './growth-data.ts'
import { logRealHistory } from './histories.ts'

const { values } = parseArgs({ options: { steps: { type: 'string', default: '200000' }, 'database-url': { type: 'string' }, detail: { type: 'boolean', default: false }, json: { type: 'string' } } })
const calls = 1000
const batches = 10
/** What this benchmark measured before the database was made smaller (commit e545fda), in bytes, and the share that should be left at most. */
const goals: Record<string, { before: number, share?: number }> = {
  'WAL of one step': { before: 9390, share: 0.5 }, 'WAL of a step in a batch': { before: 3422, share: 0.6 }, 'WAL of a move': { before: 3162 },
  'a step in the relations': { before: 1955, share: 0.6 }, 'the event of a step': { before: 819, share: 0.6 }, 'the event of a move': { before: 1589, share: 0.6 }
}
/** The relations of the event log, with their indexes. */
const eventTables = ['event_log', 'event_device']
const stepTables = ['step', 'step_container']

/** No checkpoint and no vacuum while something is measured, because both make pages be logged whole again. */
const undisturbed = { checkpoint_timeout: '1h', max_wal_size: '8GB', autovacuum: 'off' }

await withDatabaseServer(values['database-url'], async (server, about) => {
  const plan = await logRealHistory(server, 'weight_real')
  const service = await makeGrown(server, { real: 'weight_real', name: 'weight', devices: 14, slots: 156, steps: Number(values.steps) })
  say('the history is made')
  // without the holes in its pages that new events would fill
  await service.pool.query('VACUUM FULL event_log')
  // In daily use the index of request ids says nothing about its newest pages until they are full; only when it is made anew it does.
  await service.pool.query("SELECT brin_desummarize_range('event_log_request_uuid_idx', pg_relation_size('event_log') / current_setting('block_size')::int - 1)")
  const relations = await relationsOf(service.pool)
  const measured = new Map<string, number>()
  measured.set('a step in the relations', sum(relations.filter(({ table }) => stepTables.includes(table)).map(({ bytes }) => bytes)) / Number(values.steps))

  const stepOf = (n: number): object => {
    const planned = plan[(n * 7919) % plan.length]!
    const start = Date.parse('2026-03-02T09:20:00Z') + n * 60_000
    return { ...planned, start: new Date(start).toISOString(), finish: new Date(start + 41_500 + n % 1000).toISOString(), containers: [`P${n % 60}`] }
  }
  const steps = await weigh(service.pool, calls, async (n) => await service.call('POST', '/api/steps', stepOf(n)))
  measured.set('WAL of one step', steps.wal).set('the event of a step', steps.events)
  const batch = await weigh(service.pool, batches, async (n) => {
    await service.call('POST', '/api/steps/batch', { steps: Array.from({ length: calls }, (_, index) => stepOf((n + 1) * calls + index)) })
  })
  measured.set('WAL of a step in a batch', batch.wal / calls)
  const moves = await weigh(service.pool, calls, async (n) => {
    await service.call('POST', '/api/containers/P3/move', { target_device: 'Fridge', target_pos: n % 2 === 0 ? 40 : 3 })
  })
  measured.set('WAL of a move', moves.wal).set('the event of a move', moves.events)
  await service.close()

  line(['relation', 'bytes a row'])
  for (const { name, bytes } of relations) line([name, rounded(bytes / Number(values.steps))])
  line([])
  line(['what', 'bytes', 'before', 'share', 'goal'])
  for (const [what, bytes] of measured) {
    const goal = goals[what]
    line([what, rounded(bytes), ...goal === undefined ? [] : [rounded(goal.before), (bytes / goal.before).toFixed(2), `${goal.share ?? ''}`]])
  }
  writeJson(values.json, { taken_at: new Date().toISOString(), ...about, steps: Number(values.steps), bytes: Object.fromEntries(measured), relations })
}, undisturbed)

/** Bytes of WAL and of new pages of the event log, for one of so many calls after a checkpoint. */
async function weigh (pool: pg.Pool, count: number, call: (n: number) => Promise<unknown>): Promise<{ wal: number, events: number }> {
  await pool.query('CHECKPOINT')
  const [began, events] = [await walPosition(pool), await bytesOfEvents(pool)]
  const from = await lsn(pool)
  for (let n = 0; n < count; n++) await call(n)
  if (values.detail) await tellWal(pool, from, count)
  return { wal: (await walPosition(pool) - began) / count, events: (await bytesOfEvents(pool) - events) / count }
}

async function lsn (pool: pg.Pool): Promise<string> {
  const { rows: [row] } = await pool.query<{ at: string }>('SELECT pg_current_wal_insert_lsn() AS at')
  return row!.at
}

/** Prints what the log has for each relation: how many records and bytes a call, and how many of them are whole pages. */
async function tellWal (pool: pg.Pool, from: string, count: number): Promise<void> {
  await pool.query('CREATE EXTENSION IF NOT EXISTS pg_walinspect')
  const { rows } = await pool.query<{ name: string, record: string, records: number, bytes: number, pages: number }>(`
    SELECT coalesce(c.relname, '?') AS name, b.resource_manager || ' ' || b.record_type AS record, count(*)::float8 AS records,
      sum(b.block_data_length + b.block_fpi_length + b.main_data_length + 44)::float8 AS bytes, sum(b.block_fpi_length)::float8 AS pages
    FROM pg_get_wal_block_info($1::pg_lsn, pg_current_wal_flush_lsn()) b LEFT JOIN pg_class c ON pg_relation_filenode(c.oid) = b.relfilenode
    GROUP BY 1, 2 ORDER BY bytes DESC LIMIT 60`, [from])
  line(['WAL of a call', '', 'records', 'bytes', 'whole pages'])
  for (const { name, record, records, bytes, pages } of rows) line([name, record, (records / count).toFixed(2), rounded(bytes / count), rounded(pages / count)])
}

async function walPosition (pool: pg.Pool): Promise<number> {
  const { rows: [row] } = await pool.query<{ at: number }>("SELECT (pg_current_wal_insert_lsn() - '0/0')::float8 AS at")
  return row!.at
}

async function bytesOfEvents (pool: pg.Pool): Promise<number> {
  const { rows: [row] } = await pool.query<{ bytes: number }>('SELECT sum(pg_total_relation_size(name::regclass))::float8 AS bytes FROM unnest($1::text[]) name', [eventTables])
  return row!.bytes
}

type Relation = { table: string, name: string, bytes: number }

/** The tables of steps and events and each of their indexes, with their bytes. */
async function relationsOf (pool: pg.Pool): Promise<Relation[]> {
  const { rows } = await pool.query<Relation>(`
    SELECT c.relname AS "table", c.relname AS name, pg_table_size(c.oid)::float8 AS bytes FROM pg_class c WHERE c.relname = ANY ($1)
    UNION ALL
    SELECT c.relname, i.indexrelid::regclass::text, pg_relation_size(i.indexrelid)::float8 FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid WHERE c.relname = ANY ($1)
    ORDER BY bytes DESC`, [[...stepTables, ...eventTables]])
  return rows
}

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function rounded (bytes: number): string {
  return Math.round(bytes).toLocaleString('en')
}

function line ([first = '', ...others]: readonly string[]): void {
  process.stdout.write(`${first.padEnd(36)}${others.map((cell) => cell.padStart(20)).join('')}\n`)
}
