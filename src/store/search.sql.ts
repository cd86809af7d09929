import type { FoundItem } from '../contract/search.ts'

/** A hit: `revision` only for revisions. */
export type FoundRow = Omit<FoundItem, 'url'> & { revision: number | null }

// What begins with a text is one range of an index in the order of bytes (text_pattern_ops), also for a plan that does not know the text, and no
// character is a wildcard. No name contains the last character of Unicode.
const range = (column: string, text: string) => `${column} ~>=~ ${text} AND ${column} ~<~ (${text} || chr(1114111))`

const named = (table: string, rank: string, order: string, condition = 'true') => `
  (SELECT '${table}', t.id, NULL::bigint, CASE WHEN t.name = $1 THEN 'name' ELSE 'name-prefix' END, ${rank}, t.name
   FROM ${table} t WHERE t.name IS NOT NULL AND ${range('t.name', '$1')} AND ${condition} ORDER BY t.name USING ~<~${order} LIMIT $5)`

// The index of the steps has their names only. Read backwards, it gives the steps of a name in the order in which they were logged, newest first; that
// is the order of the rows, since steps are never deleted. Ranges for the exact name, too: the order by an equal name would be dropped.
const stepsNamed = (condition: string, rank: number) => `
  (SELECT 'step', t.id, NULL::bigint, CASE WHEN t.name = $1 THEN 'name' ELSE 'name-prefix' END, ${rank}, t.name
   FROM step t WHERE t.name IS NOT NULL AND ${condition} ORDER BY t.name USING ~>~ LIMIT $5)`

const exactFirst = (rank: number) => `CASE WHEN t.name = $1 THEN 6 ELSE ${rank} END`

/**
 * Everything that a text ($1) can mean; $2 is it as an id, $3 and $4 as a device and a slot. Each part reads at most as much as is wanted ($5), and
 * exact hits come before those that begin with the text.
 */
export const searchSql = `
WITH slot AS MATERIALIZED (
  SELECT p.id AS position_id, p.device_id, d.name AS device, p.slot_number AS position, pl.container_id
  FROM device d JOIN position p ON p.device_id = d.id LEFT JOIN placement pl ON pl.position_id = p.id
  WHERE lower(d.name) = lower($3::text) AND d.retired_at IS NULL AND p.slot_number = $4::integer AND p.retired_at IS NULL
  LIMIT 1
),
hit AS MATERIALIZED (
  SELECT 'container' AS kind, t.id, NULL::bigint AS revision, 'id' AS why, 0 AS rank, '' AS sorted FROM container t WHERE t.id = $2
  UNION ALL
  -- a retired device cannot be read
  SELECT 'device', t.id, NULL, 'id', 0, '' FROM device t WHERE t.id = $2 AND t.retired_at IS NULL
  UNION ALL
  SELECT 'experiment', t.id, NULL, 'id', 0, '' FROM experiment t WHERE t.id = $2
  UNION ALL
  SELECT 'process', t.id, NULL, 'id', 0, '' FROM process t WHERE t.id = $2
  UNION ALL
  SELECT 'step', t.id, NULL, 'id', 0, '' FROM step t WHERE t.id = $2
  UNION ALL
  SELECT 'position', s.position_id, NULL, 'place', 1, '' FROM slot s
  UNION ALL
  SELECT 'container', s.container_id, NULL, 'place', 1, 'z' FROM slot s WHERE s.container_id IS NOT NULL
  UNION ALL
  (SELECT 'container', c.id, NULL, 'barcode', CASE WHEN c.removed_at IS NULL THEN 2 ELSE 5 END, '' FROM container c WHERE c.barcode = $1 ORDER BY c.removed_at DESC NULLS FIRST LIMIT $5)
  UNION ALL
  -- some clients send one id with all requests: the newest
  (SELECT 'revision', NULL::uuid, r.revision, 'request-id', 3, to_char(9007199254740991 - r.revision, 'FM0000000000000000') FROM (
     SELECT DISTINCT e.revision FROM (
       SELECT e.revision FROM event_log e WHERE e.request_id IS NOT NULL AND e.request_id IN ($1, $2::uuid::text)
       UNION ALL SELECT e.revision FROM event_log e WHERE e.request_uuid IS NOT NULL AND e.request_uuid = $2) e ORDER BY e.revision DESC LIMIT $5) r)
  UNION ALL
  (SELECT 'container', c.id, NULL, 'former-barcode', CASE WHEN c.removed_at IS NULL THEN 4 ELSE 5 END, '' FROM (
     SELECT DISTINCT e.container_id AS id FROM label_event e WHERE e.barcode = $1 LIMIT $5) had
   JOIN container c ON c.id = had.id WHERE c.barcode IS DISTINCT FROM $1)
  UNION ALL
  -- devices are few, and people do not care about their case
  (SELECT 'device', d.id, NULL, CASE WHEN lower(d.name) = lower($1) THEN 'name' ELSE 'name-prefix' END, CASE WHEN lower(d.name) = lower($1) THEN 6 ELSE 7 END, d.name
   FROM device d WHERE d.retired_at IS NULL AND starts_with(lower(d.name), lower($1)) ORDER BY d.name LIMIT $5)
  UNION ALL
  (SELECT 'container', c.id, NULL, 'barcode-prefix', 8, c.barcode
   FROM container c WHERE c.removed_at IS NULL AND ${range('lower(c.barcode)', 'lower($1)')} ORDER BY lower(c.barcode) USING ~<~ LIMIT $5)
  UNION ALL
  ${named('container', exactFirst(9), '', 't.removed_at IS NULL')}
  UNION ALL
  ${named('experiment', exactFirst(10), ', t.id DESC')}
  UNION ALL
  ${named('process', exactFirst(11), ', t.id DESC')}
  UNION ALL
  ${stepsNamed('t.name ~>=~ $1 AND t.name ~<=~ $1', 6)}
  UNION ALL
  ${stepsNamed(range('t.name', '$1'), 12)}
  UNION ALL
  (SELECT 'container', c.id, NULL, 'barcode-prefix', 13, c.barcode
   FROM container c WHERE c.removed_at IS NOT NULL AND ${range('c.barcode', '$1')} ORDER BY c.barcode USING ~<~ LIMIT $5)
  UNION ALL
  ${named('container', '14', ', t.id', 't.removed_at IS NOT NULL')}
),
best AS MATERIALIZED (
  SELECT * FROM (
    SELECT DISTINCT ON (hit.kind, hit.id, hit.revision) * FROM hit ORDER BY hit.kind, hit.id, hit.revision, hit.rank, hit.sorted
  ) each_once
  ORDER BY rank, sorted, id DESC LIMIT $5
)
SELECT b.kind, CASE WHEN b.kind <> 'position' THEN b.id END AS id, b.revision::float8 AS revision, b.why,
  coalesce(c.label, dv.name, x.label, p.name, st.label, r.label, s.device || ' ' || s.position) AS label,
  coalesce(c.place, st.place, CASE WHEN dv.id IS NOT NULL THEN json_build_object('device', dv.name, 'position', NULL) END,
    CASE WHEN s.position_id IS NOT NULL THEN json_build_object('device', s.device, 'position', s.position) END) AS where,
  c.missing_since, c.last, c.removed_at
FROM best b
LEFT JOIN LATERAL (
  SELECT coalesce(k.barcode, k.name) AS label, CASE WHEN k.device IS NOT NULL THEN json_build_object('device', k.device, 'position', k.position) END AS place,
    wire_time(k.missing_since) AS missing_since, CASE WHEN k.missing_since IS NOT NULL THEN json_build_object('device', k.last_device, 'position', k.last_position) END AS last,
    wire_time(k.removed_at) AS removed_at
  FROM container_state k WHERE b.kind = 'container' AND k.id = b.id) c ON true
LEFT JOIN device dv ON b.kind = 'device' AND dv.id = b.id
LEFT JOIN LATERAL (
  SELECT coalesce(e.name, q.name) AS label FROM experiment e JOIN process q ON q.id = e.process_id WHERE b.kind = 'experiment' AND e.id = b.id) x ON true
LEFT JOIN process p ON b.kind = 'process' AND p.id = b.id
LEFT JOIN LATERAL (
  SELECT coalesce(k.name, k.fct, k.kind) AS label, json_build_object('device', d.name, 'position', NULL) AS place
  FROM step k JOIN device d ON d.id = k.device_id WHERE b.kind = 'step' AND k.id = b.id) st ON true
LEFT JOIN LATERAL (
  SELECT string_agg(k.kind, ', ' ORDER BY k.kind) AS label FROM (SELECT DISTINCT e.kind FROM event e WHERE b.kind = 'revision' AND e.revision = b.revision) k) r ON true
LEFT JOIN slot s ON b.kind = 'position' AND s.position_id = b.id
ORDER BY b.rank, b.sorted, b.id DESC`
