import type pg from 'pg'
import { statement } from '../store/commands.ts'

/** A step to be estimated, as the history is asked for it; see domain/match.ts for the match inputs. */
export type Question = {
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
}

/** What the history has for a question: the window of the most specific level that has any sample, newest first. */
export type History = {
  level: number
  /** seconds; for steps that command their time, what they took beyond it */
  samples: number[]
  window_from: string
  /** of the wider level, only where the samples are fewer than asked for; in log seconds */
  spread_squares: number | null
  spread_degrees: number | null
}

const window = (level: number, emptyBefore: string) => `
  LEFT JOIN LATERAL (
    SELECT array_agg(sample_seconds ORDER BY finish DESC) AS samples, min(finish) AS window_from
    FROM (
      SELECT sample_seconds, finish FROM step
      WHERE counts AND key_${level} IS NOT NULL AND key_${level} = keyed.key_${level} AND finish <= now() ${emptyBefore}
      ORDER BY finish DESC LIMIT $2
    ) recent
  ) level_${level} ON true`

const emptyBefore = (level: number) => Array.from({ length: level - 1 }, (_, index) => `AND level_${index + 1}.samples IS NULL`).join(' ')

const keys = [1, 2, 3, 4, 5].map((level) => `step_key(${level}, q.kind, q.match_function, device.id, q.match_parameters, q.match_protocol,
      origin.id, q.origin_position, destination.id, q.destination_position, q.lidded_before, q.lidded_after, q.barcode_read) AS key_${level}`).join(',\n    ')

// One statement however many questions. Each level is read only where all more specific ones are empty, and each read is
// one range of one index, which holds all that is read. The spread is lent by the same function on the device (moves: by
// the same mover and destination) and is the one within its most specific keys, since their locations differ.
const text = `
WITH named AS MATERIALIZED (
  SELECT name, device_named(name) AS id FROM unnest($4::text[]) AS name
),
keyed AS MATERIALIZED (
  SELECT q.ordinality AS n,
    ${keys}
  FROM ROWS FROM (jsonb_to_recordset($1) AS (
    kind text, match_function text, match_parameters uuid, match_protocol uuid, device text, origin_device text, origin_position integer,
    destination_device text, destination_position integer, lidded_before boolean, lidded_after boolean, barcode_read boolean
  )) WITH ORDINALITY q
  LEFT JOIN named device ON device.name = q.device
  LEFT JOIN named origin ON origin.name = q.origin_device
  LEFT JOIN named destination ON destination.name = q.destination_device
)
SELECT found.level, found.samples, found.window_from, spread.squares AS spread_squares, spread.degrees AS spread_degrees
FROM keyed
${[1, 2, 3, 4, 5].map((level) => window(level, emptyBefore(level))).join('')}
CROSS JOIN LATERAL (
  SELECT
    CASE WHEN level_1.samples IS NOT NULL THEN 1 WHEN level_2.samples IS NOT NULL THEN 2 WHEN level_3.samples IS NOT NULL THEN 3
      WHEN level_4.samples IS NOT NULL THEN 4 WHEN level_5.samples IS NOT NULL THEN 5 END AS level,
    coalesce(level_1.samples, level_2.samples, level_3.samples, level_4.samples, level_5.samples) AS samples,
    coalesce(level_1.window_from, level_2.window_from, level_3.window_from, level_4.window_from, level_5.window_from) AS window_from
) found
LEFT JOIN LATERAL (
  SELECT sum(squares)::float8 AS squares, sum(count - 1)::float8 AS degrees
  FROM (
    SELECT count(*) AS count, var_pop(ln(greatest(sample_seconds, 0.001))) * count(*) AS squares
    FROM (
      SELECT key_1, sample_seconds FROM step
      WHERE counts AND key_4 IS NOT NULL AND key_4 = keyed.key_4 AND finish <= now() AND cardinality(found.samples) < $3
      ORDER BY finish DESC LIMIT 200
    ) recent
    GROUP BY key_1
  ) within
) spread ON true
ORDER BY keyed.n`

/**
 * The history of many questions in one statement: for each, in order, its window of at most `most` samples, or null
 * when nothing comparable was ever done. Where there are fewer than `enough`, also the spread of the wider level.
 */
export async function readHistories (
  pool: pg.Pool, questions: readonly Question[], { most, enough }: { most: number, enough: number }
): Promise<(History | null)[]> {
  const names = new Set(questions.flatMap(({ device, origin_device, destination_device }) => [device, origin_device, destination_device]))
  names.delete(null)
  const rows = await statement<Omit<History, 'level'> & { level: number | null }>(pool, text, [JSON.stringify(questions), most, enough, [...names]])
  return rows.map((row) => row.level === null ? null : row as History)
}
