import type { EstimateQuery } from './estimate-query.ts'

/** The match key of a level of a row, whose devices have the ids `device_id`, `origin_id` and `destination_id`. */
const keyOf = (level: number, row: string) => `step_key(${level}, ${row}.kind, ${row}.match_function, ${row}.device_id, ${row}.match_parameters, ${row}.match_protocol,
    ${row}.origin_id, ${row}.origin_position, ${row}.destination_id, ${row}.destination_position, ${row}.lidded_before, ${row}.lidded_after, ${row}.barcode_read)`

/** What is read once for each request: what the newest run left, which devices nobody knows, and if asked for the ratios of totals. */
const learntSql = ({ unknown, ratios }: { unknown: string, ratios: string }) => `jsonb_build_object(
    'newest', (SELECT jsonb_build_object('margins', margins, 'shift', rank_shift) FROM run WHERE margins IS NOT NULL AND ended_at <= now() ORDER BY ended_at DESC LIMIT 1),
    'unknown', ${unknown},
    'ratios', CASE WHEN ${ratios} THEN newest_total_ratios() END)`

/**
 * Reads the histories of the rows of `keyed` (n, as_of, key_1), which `from` has. `keyOf` is the SQL of the key of another level of such a row. A level is
 * read, and its key is computed, only if all more specific levels are empty. Each read is an index-only scan of one range.
 */
const historiesOfKeyed = (
  size: number, { from = 'keyed', keyOf, enough, learnt }: { from?: string, keyOf: (level: number) => string, enough: string, learnt: string }
) => `
SELECT keyed.n, CASE WHEN level_1.samples IS NOT NULL THEN 1 ELSE wider.level END AS level, coalesce(level_1.samples, wider.samples)::text AS samples,
  coalesce(level_1.finishes, wider.finishes)::text AS finishes,
  CASE WHEN cardinality(coalesce(level_1.samples, wider.samples)) < ${enough} THEN borrowed_spread(${keyOf(4)}, keyed.as_of) END AS borrowed_spread,
  CASE WHEN keyed.n = 1 THEN ${learnt} END AS learnt
FROM ${from}
LEFT JOIN LATERAL (
  SELECT array_agg(sample_seconds ORDER BY finish DESC) AS samples,
    array_agg(date_part('epoch', finish) ORDER BY finish DESC) AS finishes
  FROM (
    SELECT sample_seconds, finish FROM step
    WHERE is_sample AND key_1 IS NOT NULL AND key_1 = keyed.key_1 AND finish <= keyed.as_of
    ORDER BY finish DESC LIMIT (SELECT ${size})
  ) recent
) level_1 ON true
-- OFFSET 0: otherwise the function would be called before the condition is looked at.
LEFT JOIN LATERAL (
  SELECT * FROM wider_history(${[2, 3, 4, 5].map(keyOf).join(', ')}, keyed.as_of, ${size}) WHERE level_1.samples IS NULL OFFSET 0
) wider ON true`

/** The members of a query, with their types in SQL. */
const queryMembers = {
  kind: 'text', match_function: 'text', match_parameters: 'uuid', match_protocol: 'uuid', device: 'text', origin_device: 'text', origin_position: 'integer',
  destination_device: 'text', destination_position: 'integer', lidded_before: 'boolean', lidded_after: 'boolean', barcode_read: 'boolean', as_of: 'timestamptz'
} as const satisfies Record<keyof EstimateQuery, string>
const names = Object.keys(queryMembers) as (keyof EstimateQuery)[]

const manySql = (size: number) => `
WITH named AS MATERIALIZED (
  SELECT name, latest_device_named(name) AS id FROM unnest($3::text[]) AS name
),
keyed AS MATERIALIZED (
  SELECT *, ${keyOf(1, 'q')} AS key_1
  FROM (
    SELECT q.ordinality AS n, ${names.map((name) => name === 'as_of' ? "coalesce(q.as_of, 'infinity') AS as_of" : `q.${name}`).join(', ')},
      device.id AS device_id, origin.id AS origin_id, destination.id AS destination_id
    FROM ROWS FROM (jsonb_to_recordset($4) AS (${names.map((name) => `${name} ${queryMembers[name]}`).join(', ')})) WITH ORDINALITY q
    LEFT JOIN named device ON device.name = q.device
    LEFT JOIN named origin ON origin.name = q.origin_device
    LEFT JOIN named destination ON destination.name = q.destination_device
  ) q
)
${historiesOfKeyed(size, { keyOf: (level) => keyOf(level, 'keyed'), enough: '$1', learnt: learntSql({ unknown: '(SELECT jsonb_agg(name) FROM named WHERE id IS NULL)', ratios: '$2::boolean' }) })}
ORDER BY keyed.n`

/** The members of a query are parameters from $3 on, in the order of `queryMembers`. */
const parameter = (name: keyof EstimateQuery) => `$${names.indexOf(name) + 3}::${queryMembers[name]}`
const deviceIds = [['device_id', 'device'], ['origin_id', 'origin_device'], ['destination_id', 'destination_device']] as const

// One query is what schedulers ask most often. Without JSON and joins, PostgreSQL takes less time to start the statement.
const oneSql = (size: number) => historiesOfKeyed(size, {
  from: `(
  SELECT *, ${keyOf(1, 'q')} AS key_1
  FROM (
    SELECT 1 AS n, ${names.map((name) => name === 'as_of' ? `coalesce(${parameter(name)}, 'infinity') AS as_of` : `${parameter(name)} AS ${name}`).join(', ')},
      ${deviceIds.map(([id, name]) => `CASE WHEN ${parameter(name)} IS NOT NULL THEN latest_device_named(${parameter(name)}) END AS ${id}`).join(', ')}
  ) q OFFSET 0
) keyed`,
  keyOf: (level) => keyOf(level, 'keyed'),
  enough: '$1',
  learnt: learntSql({
    unknown: `to_jsonb(array_remove(ARRAY[${deviceIds.map(([id, name]) => `CASE WHEN keyed.${id} IS NULL THEN keyed.${name} END`).join(', ')}], NULL))`,
    ratios: '$2::boolean'
  })
})

/** Reads the histories of the rows of `keyed` (n, as_of and the keys of all levels as columns). */
export const historiesOfColumns = (size: number, enough: string): string =>
  historiesOfKeyed(size, { keyOf: (level) => `keyed.key_${level}`, enough, learnt: learntSql({ unknown: 'NULL', ratios: 'false' }) })

// The window size is part of the statement text, as a subquery. PostgreSQL then assumes a tenth of the rows, whatever the
// statistics say, and reads the index from its newest end. It compares a plain number with its guess of the samples: a plan
// made before a bulk load, or after it without statistics, fetched all samples of the key and sorted them. As a parameter
// it would make the generic plan look expensive, and every request would be planned again. There are only a few sizes, because
// each text is a prepared statement. test/estimation/steady.test.ts counts the buffers.
const windowSizes = [50, 100, 250, 1000, 2000]

/** The statement that `sql` makes for windows of `most` samples at least. */
export function bySize (sql: (size: number) => string): (most: number) => string {
  const statements = new Map(windowSizes.map((size) => [size, sql(size)]))
  return (most) => statements.get(windowSizes.find((size) => size >= most) ?? windowSizes.at(-1)!)!
}

/** Reads the histories of any number of queries. $1: `enough`. $2: whether the ratios are wanted. $3: the names of all devices. $4: the queries as JSON. */
export const manyHistories = bySize(manySql)
/** Reads the history of one query. $1 and $2 as above; then the values of `valuesOf`. */
export const oneHistory = bySize(oneSql)

export function valuesOf (query: EstimateQuery): unknown[] {
  return names.map((name) => query[name])
}
