import { type Queryable, runPrepared } from '../store/commands.ts'
import { kindKeyOf, matchKeyOf } from './kind-key.ts'
import type { BorrowedSpread } from './model.ts'

type End = { device: string, position: number | null }

/** What the steps of one kind have in common, as the newest of them says it. */
export type KindRow = {
  key: string, kind: 'operation' | 'move', device: string, fct: string | null, protocol: string | null, origin: End | null, destination: End | null
  commanded_seconds: number | null
}

/** A kind with its newest samples, newest first. `finishes` are in seconds since 1970. */
export type KnownKind = KindRow & { last_finish: Date, samples: number[], finishes: number[], borrowed_spread: BorrowedSpread | null }

const kindColumns = `key_1 AS key, s.kind, d.name AS device, s.fct, coalesce(s.data->>'method', s.data->>'protocol') AS protocol, s.commanded_seconds,
  CASE WHEN o.id IS NOT NULL THEN json_build_object('device', o.name, 'position', s.origin_position) END AS origin,
  CASE WHEN t.id IS NOT NULL THEN json_build_object('device', t.name, 'position', s.destination_position) END AS destination`

const kindDevices = `JOIN device d ON d.id = s.device_id
  LEFT JOIN device o ON s.kind = 'move' AND o.id = s.origin_device_id
  LEFT JOIN device t ON s.kind = 'move' AND t.id = s.destination_device_id`

// Goes through the index from one key to the next, so it costs the same however many steps there are of each kind.
const keysSql = (condition: string) => `
WITH RECURSIVE kind AS (
  SELECT (SELECT s.key_1 FROM step s WHERE s.is_sample AND s.key_1 IS NOT NULL ${condition} ORDER BY s.key_1 LIMIT 1) AS key
  UNION ALL
  SELECT (SELECT s.key_1 FROM step s WHERE s.is_sample AND s.key_1 IS NOT NULL AND s.key_1 > kind.key ORDER BY s.key_1 LIMIT 1)
  FROM kind WHERE kind.key IS NOT NULL
),
newest AS (
  SELECT s.* FROM kind CROSS JOIN LATERAL (
    SELECT * FROM step s WHERE s.is_sample AND s.believable AND s.key_1 IS NOT NULL AND s.key_1 = kind.key ORDER BY s.finish DESC LIMIT 1
  ) s
  WHERE kind.key IS NOT NULL AND s.finish >= $1::timestamptz AND ($2::text IS NULL OR s.device_id = latest_device_named($2))
)`

const pageSql = (condition: string) => `${keysSql(condition)},
page AS (SELECT * FROM newest ORDER BY key_1 LIMIT $3)
SELECT ${kindColumns}, s.finish AS last_finish, recent.samples, recent.finishes,
  CASE WHEN cardinality(recent.samples) < $5 THEN borrowed_spread(s.key_4, 'infinity') END AS borrowed_spread
FROM page s
${kindDevices}
CROSS JOIN LATERAL (
  SELECT array_agg(sample_seconds ORDER BY finish DESC) AS samples, array_agg(extract(epoch FROM finish)::float8 ORDER BY finish DESC) AS finishes
  FROM (
    SELECT h.sample_seconds, h.finish FROM step h WHERE h.is_sample AND h.key_1 IS NOT NULL AND h.key_1 = s.key_1 ORDER BY h.finish DESC LIMIT $4
  ) newest
) recent
ORDER BY s.key_1`

/** `samples`: how many of each kind are read. With fewer than `enough`, the spread of the wider level is read, too. */
type KindsWanted = { since: string, device: string | null, after: string | null, take: number, samples: number, enough: number }

/** One page of the kinds in the order of their keys, of which a step finished since a time, each with its newest samples. */
export async function readKinds (
  database: Queryable, { since, device, after, take, samples, enough }: KindsWanted
): Promise<KnownKind[]> {
  const values = [since, device, take, samples, enough]
  const found = after === null
    ? await runPrepared<KnownKind>(database, pageSql(''), values)
    : await runPrepared<KnownKind>(database, pageSql('AND s.key_1 > $6::bigint'), [...values, matchKeyOf(after)])
  return found.map(withKey)
}

/** The number of kinds of which a step finished since a time. */
export async function countKinds (database: Queryable, { since, device }: { since: string, device: string | null }): Promise<number> {
  const [counted] = await runPrepared<{ count: number }>(database, `${keysSql('')} SELECT count(*)::int AS count FROM newest`, [since, device])
  return counted!.count
}

/** A kind of step, or undefined if no sample has its key. */
export async function readKind (database: Queryable, key: string): Promise<KindRow | undefined> {
  const [kind] = await runPrepared<KindRow>(database, `
SELECT ${kindColumns}
FROM (SELECT * FROM step WHERE is_sample AND key_1 IS NOT NULL AND key_1 = $1 ORDER BY finish DESC LIMIT 1) s
${kindDevices}`, [matchKeyOf(key)])
  return kind === undefined ? undefined : withKey(kind)
}

/** The key as clients see it, instead of the match key of the database. */
function withKey<T extends KindRow> (kind: T): T {
  return { ...kind, key: kindKeyOf(kind.key) }
}

/** A step of a kind. `sample_seconds` is null if the step is no sample. */
export type PointRow = {
  step_id: string, start: Date, finish: Date, duration_seconds: number | null, sample_seconds: number | null, commanded_seconds: number | null
  status: 'completed' | 'failed' | 'aborted', corrected: boolean
}

/** The newest steps of a kind that finished in a range, newest first, simulations left out. Samples are found by their key, the few others by their status. */
export async function readPoints (database: Queryable, key: string, { from, to, take }: { from: string, to: string, take: number }): Promise<PointRow[]> {
  return await runPrepared<PointRow>(database, `
WITH point AS (
  (SELECT * FROM step WHERE is_sample AND key_1 IS NOT NULL AND key_1 = $1 AND finish >= $2::timestamptz AND finish < $3::timestamptz ORDER BY finish DESC LIMIT $4)
  UNION ALL
  (SELECT * FROM step WHERE status IN ('failed', 'aborted') AND key_1 = $1 AND NOT is_simulation AND believable
    AND start < $3::timestamptz AND finish >= $2::timestamptz AND finish < $3::timestamptz ORDER BY finish DESC LIMIT $4)
)
SELECT s.id AS step_id, s.start, s.finish, s.active_seconds AS duration_seconds, CASE WHEN s.is_sample THEN s.sample_seconds END AS sample_seconds, s.commanded_seconds, s.status,
  EXISTS (SELECT FROM event e WHERE e.step_id = s.id AND e.kind = 'step-corrected') AS corrected
FROM (SELECT *, round(extract(epoch FROM (finish - start)) - coalesce(paused_seconds, 0)::numeric, 3)::float8 AS active_seconds FROM point ORDER BY finish DESC, id DESC LIMIT $4) s
ORDER BY s.finish DESC, s.id DESC`, [matchKeyOf(key), from, to, take])
}
