import { type Queryable, runPrepared } from '../store/commands.ts'
import { type Margins, noMargins } from './margins.ts'
import type { BorrowedSpread } from './model.ts'

/** A step to be estimated, as the history is asked for it; see domain/match.ts for the match inputs. */
export type EstimateQuery = {
  kind: 'operation' | 'move'
  match_function: string | null
  match_parameters: string | null
  match_protocol: string | null
  device: string
  origin_device: string | null
  origin_position: number | null
  destination_device: string | null
  destination_position: number | null
  lidded_before: boolean | null
  lidded_after: boolean | null
  barcode_read: boolean | null
  /** only steps that were over then are read; null: now */
  as_of: string | null
}

/** What the history has for a question: the window of the most specific level that has any sample, newest first. */
export type History = {
  level: number
  /** seconds; for steps that command their time, what they took beyond it */
  samples: number[]
  /** when each was over, in seconds since 1970 */
  finishes: number[]
  /** of the wider level, only where the samples are fewer than asked for */
  lent: BorrowedSpread | null
}

/** What earlier runs taught: the margins as of the newest, and the ratios of the newest twenty, if asked. */
export type Lessons = { margins: Margins, ratios: number[] }

const window = (level: number, emptyBefore: string, size: number) => `
  LEFT JOIN LATERAL (
    SELECT array_agg(sample_seconds ORDER BY finish DESC) AS samples,
      array_agg(date_part('epoch', finish) ORDER BY finish DESC) AS finishes
    FROM (
      SELECT sample_seconds, finish FROM step
      WHERE counts AND key_${level} IS NOT NULL AND key_${level} = keyed.key_${level} AND finish <= keyed.as_of ${emptyBefore}
      ORDER BY finish DESC LIMIT (SELECT ${size})
    ) recent
  ) level_${level} ON true`

const emptyBefore = (level: number) => Array.from({ length: level - 1 }, (_, index) => `AND level_${index + 1}.samples IS NULL`).join(' ')

const keys = [1, 2, 3, 4, 5].map((level) => `step_key(${level}, q.kind, q.match_function, device.id, q.match_parameters, q.match_protocol,
      origin.id, q.origin_position, destination.id, q.destination_position, q.lidded_before, q.lidded_after, q.barcode_read) AS key_${level}`).join(',\n    ')

// What earlier runs taught, once an answer. The ratios are only for totals.
const lessons = `jsonb_build_object(
    'margins', (SELECT to_jsonb(margins) FROM run WHERE margins IS NOT NULL ORDER BY ended_at DESC LIMIT 1),
    'ratios', CASE WHEN $4 THEN (
      SELECT jsonb_agg(newest.total_ratio ORDER BY newest.ended_at DESC) FILTER (WHERE newest.total_ratio IS NOT NULL)
      FROM (SELECT total_ratio, ended_at FROM run WHERE margins IS NOT NULL ORDER BY ended_at DESC LIMIT 20) newest) END)`

// One statement however many questions. Each level is read only where all more specific ones are empty, and each read is
// one range of one index, which holds all that is read.
const textFor = (size: number) => `
WITH named AS MATERIALIZED (
  SELECT name, latest_device_named(name) AS id FROM unnest($3::text[]) AS name
),
keyed AS MATERIALIZED (
  SELECT q.ordinality AS n, coalesce(q.as_of, now()) AS as_of,
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
SELECT found.level, found.samples::text, found.finishes::text, CASE WHEN cardinality(found.samples) < $2 THEN borrowed_spread(keyed.key_4, keyed.as_of) END AS lent,
  CASE WHEN keyed.n = 1 THEN ${lessons} END AS lessons
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

// The size of a window is in the text, but as a query: then PostgreSQL takes it as a tenth of what there is, whatever the
// statistics say, and walks the index from its newest end. Told a number it compares that with its guess of the samples: a plan
// made before a bulk load, or after it without statistics, fetched all samples of the key and sorted them. As a parameter
// it would make the plan for any values look dear, and each request would be planned anew. Of a few sizes, since every text
// is a prepared statement. test/estimation/steady.test.ts counts.
const sizes = [50, 100, 250, 1000, 2000]
const texts = new Map(sizes.map((size) => [size, textFor(size)]))

// a confidence next to 1 asks for more samples than PostgreSQL's integer can count
const largestInteger = 2_147_483_647

type Row = { level: number | null, samples: string, finishes: string, lent: BorrowedSpread | null, lessons: Taught | null }
type Taught = { margins: Margins | null, ratios: number[] | null }

/**
 * The history of many questions in one statement: for each, in order, its window of at most `most` samples, or null
 * when nothing comparable was ever done. Where there are fewer than `enough`, also the spread of the wider level. Equal
 * questions are asked once and share one history. The lessons hold `ratios` only when they are asked for.
 */
export async function readHistories (
  database: Queryable, questions: readonly EstimateQuery[], { most, enough, ratios = false }: { most: number, enough: number, ratios?: boolean }
): Promise<{ histories: (History | null)[], lessons: Lessons }> {
  const places = new Map<string, number>()
  const place = questions.map((question) => {
    const text = JSON.stringify(question)
    const known = places.get(text)
    if (known !== undefined) return known
    places.set(text, places.size)
    return places.size - 1
  })
  const names = new Set(questions.flatMap(({ device, origin_device, destination_device }) => [device, origin_device, destination_device]))
  names.delete(null)
  const text = texts.get(sizes.find((size) => size >= most) ?? sizes.at(-1)!)!
  const rows = await runPrepared<Row>(database, text, [`[${[...places.keys()].join()}]`, Math.min(enough, largestInteger), [...names], ratios])
  const histories = rows.map(({ level, samples, finishes, lent }): History | null =>
    level === null ? null : { level, samples: numbersIn(samples).slice(0, most), finishes: numbersIn(finishes).slice(0, most), lent })
  const taught = rows[0]?.lessons
  return {
    histories: place.map((index) => histories[index] ?? null),
    lessons: { margins: taught?.margins ?? noMargins, ratios: taught?.ratios ?? [] }
  }
}

// An array of numbers as PostgreSQL writes it, `{1,2.5}`: six times as fast as the driver's own parser, which knows all arrays.
function numbersIn (array: string): number[] {
  return JSON.parse(`[${array.slice(1, -1)}]`) as number[]
}
