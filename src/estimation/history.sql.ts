import { maxInteger } from '../domain/limits.ts'
import { type Queryable, runPrepared } from '../store/commands.ts'
import { stepsAsJson } from '../store/steps.ts'
import { type Margins, noMargins } from './margins.ts'
import type { BorrowedSpread } from './model.ts'
import { slices, type YieldToRequests } from '../domain/slices.ts'

/** What a query for comparable steps needs to know about a step; see domain/match.ts for the match inputs. */
export type EstimateQuery = {
  kind: 'operation' | 'move'
  match_function: string | null
  match_parameters: string | null
  match_protocol: string | null
  /** null if it is not assigned yet: then only the levels that do not compare it can answer. */
  device: string | null
  origin_device: string | null
  origin_position: number | null
  destination_device: string | null
  destination_position: number | null
  lidded_before: boolean | null
  lidded_after: boolean | null
  barcode_read: boolean | null
  /** Only steps that finished at or before this time are read. null: all that count, also one with a finish ahead of now that a person has included. */
  as_of: string | null
}

/** The samples of the most specific level that has any, newest first. */
export type History = {
  level: number
  /** In seconds. For steps with a commanded time: the overhead. */
  samples: number[]
  /** The finish of each sample, in seconds since 1970. */
  finishes: number[]
  /** The spread of the wider level. null if there are enough samples, or nothing is known. */
  borrowedSpread: BorrowedSpread | null
}

/** What was learnt from finished runs: `margins` (seconds) and `shift` of the rank at 0.5 after the newest run, and `ratios` of actual to predicted time of the newest twenty runs, if requested. */
export type LearntFromRuns = { margins: Margins, shift: number, ratios: number[] }

const window = (level: number, emptyBefore: string, size: number) => `
  LEFT JOIN LATERAL (
    SELECT array_agg(sample_seconds ORDER BY finish DESC) AS samples,
      array_agg(date_part('epoch', finish) ORDER BY finish DESC) AS finishes
    FROM (
      SELECT sample_seconds, finish FROM step
      WHERE is_sample AND key_${level} IS NOT NULL AND key_${level} = keyed.key_${level} AND finish <= keyed.as_of ${emptyBefore}
      ORDER BY finish DESC LIMIT (SELECT ${size})
    ) recent
  ) level_${level} ON true`

const emptyBefore = (level: number) => Array.from({ length: level - 1 }, (_, index) => `AND level_${index + 1}.samples IS NULL`).join(' ')

const keys = [1, 2, 3, 4, 5].map((level) => `step_key(${level}, q.kind, q.match_function, device.id, q.match_parameters, q.match_protocol,
      origin.id, q.origin_position, destination.id, q.destination_position, q.lidded_before, q.lidded_after, q.barcode_read) AS key_${level}`).join(',\n    ')

// Read once for each request. Only totals need the ratios.
const learntSql = (ratios: string) => `jsonb_build_object(
    'newest', (SELECT jsonb_build_object('margins', margins, 'shift', rank_shift) FROM run WHERE margins IS NOT NULL AND ended_at <= now() ORDER BY ended_at DESC LIMIT 1),
    'unknown', (SELECT jsonb_agg(name) FROM named WHERE id IS NULL),
    'ratios', CASE WHEN ${ratios} THEN (
      SELECT jsonb_agg(newest.total_ratio ORDER BY newest.ended_at DESC) FILTER (WHERE newest.total_ratio IS NOT NULL)
      FROM (SELECT total_ratio, ended_at FROM run WHERE margins IS NOT NULL AND ended_at <= now() ORDER BY ended_at DESC LIMIT 20) newest) END)`

/**
 * Reads the histories of the rows of `keyed` (n, as_of, key_1 to key_5), in the order of n. Needs a table `named` (name, id), too. A level is
 * read only if all more specific levels are empty. Each read is an index-only scan of one range.
 */
const historiesOfKeyed = (size: number, { enough, ratios }: { enough: string, ratios: string }) => `
SELECT keyed.n, found.level, found.samples::text, found.finishes::text, CASE WHEN cardinality(found.samples) < ${enough} THEN borrowed_spread(keyed.key_4, keyed.as_of) END AS borrowed_spread,
  CASE WHEN keyed.n = 1 THEN ${learntSql(ratios)} END AS learnt
FROM keyed
${[1, 2, 3, 4, 5].map((level) => window(level, emptyBefore(level), size)).join('')}
CROSS JOIN LATERAL (
  SELECT
    CASE WHEN level_1.samples IS NOT NULL THEN 1 WHEN level_2.samples IS NOT NULL THEN 2 WHEN level_3.samples IS NOT NULL THEN 3
      WHEN level_4.samples IS NOT NULL THEN 4 WHEN level_5.samples IS NOT NULL THEN 5 END AS level,
    coalesce(level_1.samples, level_2.samples, level_3.samples, level_4.samples, level_5.samples) AS samples,
    coalesce(level_1.finishes, level_2.finishes, level_3.finishes, level_4.finishes, level_5.finishes) AS finishes
) found
ORDER BY keyed.n`

// One statement for any number of queries.
const historySql = (size: number) => `
WITH named AS MATERIALIZED (
  SELECT name, latest_device_named(name) AS id FROM unnest($3::text[]) AS name
),
keyed AS MATERIALIZED (
  SELECT q.ordinality AS n, coalesce(q.as_of, 'infinity') AS as_of,
    ${keys}
  FROM ROWS FROM (jsonb_to_recordset($1) AS (
    kind text, match_function text, match_parameters uuid, match_protocol uuid, device text, origin_device text, origin_position integer,
    destination_device text, destination_position integer, lidded_before boolean, lidded_after boolean, barcode_read boolean,
    as_of timestamptz
  )) WITH ORDINALITY q
  LEFT JOIN named device ON device.name = q.device
  LEFT JOIN named origin ON origin.name = q.origin_device
  LEFT JOIN named destination ON destination.name = q.destination_device
)
${historiesOfKeyed(size, { enough: '$2', ratios: '$4' })}`

// The window size is part of the statement text, as a subquery. PostgreSQL then assumes a tenth of the rows, whatever the
// statistics say, and reads the index from its newest end. It compares a plain number with its guess of the samples: a plan
// made before a bulk load, or after it without statistics, fetched all samples of the key and sorted them. As a parameter
// it would make the generic plan look expensive, and every request would be planned again. There are only a few sizes, because
// each text is a prepared statement. test/estimation/steady.test.ts counts the buffers.
const windowSizes = [50, 100, 250, 1000, 2000]
const statements = new Map(windowSizes.map((size) => [size, historySql(size)]))

/** The statement for windows of `most` samples at least. */
function statementFor (statementsBySize: ReadonlyMap<number, string>, most: number): string {
  return statementsBySize.get(windowSizes.find((size) => size >= most) ?? windowSizes.at(-1)!)!
}

type Row = { level: number | null, samples: string, finishes: string, borrowed_spread: BorrowedSpread | null, learnt: LearntRow | null }
type LearntRow = { newest: { margins: Margins, shift: number | null } | null, unknown: string[] | null, ratios: number[] | null }

/** A statement returns at most so many samples, which is some MiB. A batch of the usual windows is one statement. */
const samplesPerStatement = 250_000

/**
 * Reads the histories of many queries, in order: with one statement, or with several if the windows are large. Each has at most `most` samples; it is null when there
 * are no comparable steps. A history with fewer than `enough` samples also has the spread of the wider level. Equal queries
 * are sent once and share one history, and so do queries with equal samples. `learnt` contains `ratios` only if requested. `unknownDevices` are names that no device ever had.
 */
export async function readHistories (
  database: Queryable, queries: readonly EstimateQuery[], { most, enough, ratios = false }: { most: number, enough: number, ratios?: boolean },
  yieldToRequests: YieldToRequests = slices()
): Promise<{ histories: (History | null)[], learnt: LearntFromRuns, unknownDevices: ReadonlySet<string> }> {
  const { asked, firstOf, indexes } = distinctQueries(queries)
  const names = new Set(queries.flatMap(({ device, origin_device, destination_device }) => [device, origin_device, destination_device]))
  names.delete(null)
  const statement = statementFor(statements, most)
  const perStatement = Math.max(1, Math.floor(samplesPerStatement / most))
  const histories: (History | null)[] = []
  const known = asked.length > 1 ? new Map<string, History>() : undefined
  let learnt: LearntRow | null = null
  for (let from = 0; from < asked.length; from += perStatement) {
    const rows = await runPrepared<Row>(database, statement, [`[${asked.slice(from, from + perStatement).join()}]`, Math.min(enough, maxInteger), [...names], ratios])
    learnt ??= rows[0]?.learnt ?? null
    for (const row of rows) {
      await yieldToRequests()
      histories.push(historyOf(row, queries[firstOf[histories.length]!]!.kind, most, known))
    }
  }
  return {
    histories: indexes.map((index) => histories[index] ?? null),
    learnt: { margins: learnt?.newest?.margins ?? noMargins, shift: learnt?.newest?.shift ?? 0, ratios: learnt?.ratios ?? [] },
    unknownDevices: new Set(learnt?.unknown ?? [])
  }
}

/** The different queries as JSON, the index of the first of each, and for each query which one it is. */
function distinctQueries (queries: readonly EstimateQuery[]): { asked: string[], firstOf: number[], indexes: number[] } {
  // What schedulers ask most often, without the map.
  if (queries.length === 1) return { asked: [JSON.stringify(queries[0])], firstOf: [0], indexes: [0] }
  const indexByQuery = new Map<string, number>()
  const firstOf: number[] = []
  const indexes = queries.map((query, index) => {
    const json = JSON.stringify(query)
    const known = indexByQuery.get(json)
    if (known !== undefined) return known
    indexByQuery.set(json, indexByQuery.size)
    firstOf.push(index)
    return indexByQuery.size - 1
  })
  return { asked: [...indexByQuery.keys()], firstOf, indexes }
}

/** At most so many steps are read at once. */
const stepsAtOnce = 5000
/** Where a page of the steps begins: below this step, the newest first. */
export type StepCursor = { start: Date | 'infinity', id: string }
const newest: StepCursor = { start: 'infinity', id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }

// The match keys of stored steps are columns of theirs, so nothing is computed again. $1: `enough`. $2 and $3: below which step.
const underWaySql = (columns: string, from: string) => (size: number) => `
WITH under_way AS MATERIALIZED (
  SELECT ${columns}, s.key_1, s.key_2, s.key_3, s.key_4, s.key_5, s.start, row_number() OVER (ORDER BY s.start, s.id) AS n
  FROM (SELECT * FROM step WHERE status IN ('running', 'paused', 'lost') AND (start, id) < ($2, $3) ORDER BY start DESC, id DESC LIMIT ${stepsAtOnce}) s ${from}
),
named AS (SELECT NULL::text AS name, NULL::uuid AS id WHERE false),
keyed AS MATERIALIZED (SELECT n, 'infinity'::timestamptz AS as_of, key_1, key_2, key_3, key_4, key_5 FROM under_way),
histories AS MATERIALIZED (${historiesOfKeyed(size, { enough: '$1', ratios: 'false' })}
)
SELECT lab.revision::float8 AS revision, now()::timestamptz(3) AS now, under_way.*, shown.json, histories.level, histories.samples, histories.finishes, histories.borrowed_spread, histories.learnt
FROM lab
LEFT JOIN (under_way
  JOIN histories ON histories.n = under_way.n
  CROSS JOIN LATERAL (${stepsAsJson} WHERE object.id = under_way.id) shown
) ON true
ORDER BY under_way.n`

/** What is known of the lab at one moment, and the newest steps that have not ended, with their histories. `next` is where to read on if there may be more. */
export type LabUnderWay<Step> = {
  revision: number, now: Date, learnt: LearntFromRuns, steps: { step: Step, json: string, history: History | null }[], next: StepCursor | null
}

/**
 * A reader of the steps that have not ended, with one statement: `columns` (of `step s`, with its id and kind) and the joins in `from` say what of
 * each. The cost depends on how many they are, at most a page, and not on the history.
 */
export function underWayReader<Step extends { id: string, kind: EstimateQuery['kind'] }> (columns: string, from: string) {
  const bySize = new Map(windowSizes.map((size) => [size, underWaySql(columns, from)(size)]))
  // Without steps there is one row, of the lab alone.
  type Found = { revision: number, now: Date } & ({ id: null, learnt: null } | (Omit<Row & Step, 'id'> & { id: string, start: Date, json: string }))
  return async (database: Queryable, { most, enough, below = newest }: { most: number, enough: number, below?: StepCursor }): Promise<LabUnderWay<Step>> => {
    const rows = await runPrepared<Found>(database, statementFor(bySize, most), [Math.min(enough, maxInteger), below.start, below.id])
    const known = new Map<string, History>()
    const run = rows.find(({ learnt }) => learnt !== null)?.learnt?.newest
    const underWay = (row: Row & Step & { json: string }) => ({ step: row, json: row.json, history: historyOf(row, row.kind, most, known) })
    const [oldest] = rows
    return {
      revision: oldest!.revision,
      now: oldest!.now,
      learnt: { margins: run?.margins ?? noMargins, shift: run?.shift ?? 0, ratios: [] },
      steps: rows.flatMap((row) => row.id === null ? [] : [underWay(row as unknown as Row & Step & { json: string })]),
      next: rows.length < stepsAtOnce || oldest!.id === null ? null : { start: oldest!.start, id: oldest!.id }
    }
  }
}

/** The history in a row. Rows that share `known` share equal histories. */
function historyOf ({ level, samples, finishes, borrowed_spread: borrowedSpread }: Row, kind: EstimateQuery['kind'], most: number, known?: Map<string, History>): History | null {
  if (level === null) return null
  const text = known === undefined ? '' : `${kind} ${level} ${samples} ${finishes} ${JSON.stringify(borrowedSpread)}`
  const same = known?.get(text)
  if (same !== undefined) return same
  const history = { level, samples: numbersIn(samples).slice(0, most), finishes: numbersIn(finishes).slice(0, most), borrowedSpread }
  known?.set(text, history)
  return history
}

// Parses an array of numbers as PostgreSQL writes it: `{1,2.5}`. Six times as fast as the driver's parser for any array.
function numbersIn (array: string): number[] {
  return JSON.parse(`[${array.slice(1, -1)}]`) as number[]
}
