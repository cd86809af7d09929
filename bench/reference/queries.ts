// The statements of the hand-written reference, each prepared under its name.

export const container = {
  name: 'container',
  text: `
    SELECT c.id, c.name, c.barcode, d.name AS device, p.slot_number AS position, sd.name AS starting_device, sp.slot_number AS starting_position,
      c.lidded, CASE WHEN lp.id IS NOT NULL THEN jsonb_build_object('device', ld.name, 'position', lp.slot_number) END AS lid,
      c.filled, c.content, c.labware_type, c.labware_uuid, c.is_reagent, c.removed_at, c.missing_since,
      md.name AS last_device, mp.slot_number AS last_position, c.created_at, c.updated_at, c.version
    FROM container c
    JOIN position sp ON sp.id = c.starting_position_id JOIN device sd ON sd.id = sp.device_id
    JOIN placement b ON b.container_id = c.id AND b.part = 'body' JOIN position p ON p.id = b.position_id JOIN device d ON d.id = p.device_id
    LEFT JOIN placement l ON l.container_id = c.id AND l.part = 'lid' LEFT JOIN position lp ON lp.id = l.position_id
    LEFT JOIN device ld ON ld.id = lp.device_id
    LEFT JOIN position mp ON mp.id = c.last_position_id LEFT JOIN device md ON md.id = mp.device_id
    WHERE c.barcode = $1 AND c.removed_at IS NULL`
}

export const positions = {
  name: 'positions',
  text: `
    SELECT p.slot_number AS position, pl.position_id IS NULL AS empty, CASE WHEN pl.part = 'body' THEN c.barcode END AS container,
      c.id AS container_id, CASE pl.part WHEN 'body' THEN 'container' WHEN 'lid' THEN 'lid' END AS occupied_by, p.deep_well_suited,
      p.disposes, p.labware_types, p.max_height_mm, CASE WHEN r.expires_at > now() THEN jsonb_build_object('id', r.id, 'owner', r.owner, 'expires_at', r.expires_at) END AS reserved
    FROM device d JOIN position p ON p.device_id = d.id AND p.retired_at IS NULL
    LEFT JOIN placement pl ON pl.position_id = p.id LEFT JOIN container c ON c.id = pl.container_id
    LEFT JOIN reserved_position rp ON rp.position_id = p.id LEFT JOIN reservation r ON r.id = rp.reservation_id
    WHERE d.name = $1 AND d.retired_at IS NULL ORDER BY p.slot_number`
}

export const move = { name: 'move', text: 'SELECT reference.move($1, $2, $3, $4, $5, $6) AS container' }
export const lid = { name: 'lid', text: 'SELECT reference.lid($1, $2, $3, $4, $5) AS container' }
export const transfer = { name: 'transfer', text: 'SELECT container, step FROM reference.transfer($1, $2, $3, $4, $5, $6, $7)' }
export const logSteps = { name: 'log', text: 'SELECT * FROM reference.log_steps($1, $2)' }

export const experiment = {
  name: 'experiment',
  text: `
    SELECT e.id, e.process_id, json_build_object('id', p.id, 'name', p.name) AS process, e.name, e.status, e.metadata, e.warnings,
      json_build_object('total', count(s.id), 'completed', count(s.id) FILTER (WHERE s.status = 'completed'),
        'failed', count(s.id) FILTER (WHERE s.status = 'failed'), 'aborted', count(s.id) FILTER (WHERE s.status = 'aborted'),
        'running', count(s.id) FILTER (WHERE s.status = 'running'), 'paused', count(s.id) FILTER (WHERE s.status = 'paused'), 'lost', count(s.id) FILTER (WHERE s.status = 'lost')) AS steps,
      min(s.start) FILTER (WHERE s.believable) AS first_start, max(s.finish) FILTER (WHERE s.believable) AS last_finish,
      extract(epoch FROM max(s.finish) FILTER (WHERE s.believable) - min(s.start) FILTER (WHERE s.believable))::float8 AS duration_seconds, e.paused_at,
      coalesce(paused_seconds('experiment', e.id, min(s.start) FILTER (WHERE s.believable), NULL), 0)::float8 AS paused_seconds,
      round(extract(epoch FROM max(s.finish) FILTER (WHERE s.believable) - min(s.start) FILTER (WHERE s.believable))
        - standstill_seconds(e.id, min(s.start) FILTER (WHERE s.believable), max(s.finish) FILTER (WHERE s.believable)), 3)::float8 AS active_seconds,
      e.session, experiment_attention(e.id, e.status, (count(s.id) FILTER (WHERE s.status = 'failed'))::int) AS attention, e.created_at, e.updated_at, e.version
    FROM experiment e JOIN process p ON p.id = e.process_id LEFT JOIN step s ON s.experiment_id = e.id
    WHERE e.id = $1 GROUP BY e.id, p.id`
}

export const statistics = {
  name: 'statistics',
  text: `
    SELECT json_build_object('device', d.name, 'fct', s.fct) AS "group", count(*)::int AS count, count(s.finish)::int AS finished,
      (count(*) FILTER (WHERE s.status = 'failed'))::int AS failed, round(avg(s.duration_seconds)::numeric, 9)::float8 AS mean_seconds,
      round(stddev_samp(s.duration_seconds)::numeric, 9)::float8 AS stddev_seconds, min(s.duration_seconds) AS min_seconds, max(s.duration_seconds) AS max_seconds,
      round(percentile_cont(0.5) WITHIN GROUP (ORDER BY s.duration_seconds)::numeric, 9)::float8 AS median_seconds,
      round(percentile_cont(0.95) WITHIN GROUP (ORDER BY s.duration_seconds)::numeric, 9)::float8 AS p95_seconds, coalesce(sum(s.duration_seconds), 0) AS total_seconds
    FROM step s JOIN device d ON d.id = s.device_id
    GROUP BY d.name COLLATE "C", s.fct COLLATE "C", d.name, s.fct ORDER BY d.name COLLATE "C", s.fct COLLATE "C"`
}

const levels = [1, 2, 3, 4, 5]

// The window of the most specific level that has samples.
const windows = (columns: string): string => levels.map((level) => `
    LEFT JOIN LATERAL (
      SELECT ${columns}
      FROM (SELECT sample_seconds, finish FROM step WHERE is_sample AND key_${level} IS NOT NULL AND key_${level} = keyed.key_${level} ORDER BY finish DESC LIMIT 50) w
      ${level === 1 ? '' : `WHERE ${Array.from({ length: level - 1 }, (_, index) => `l${index + 1}.samples IS NULL`).join(' AND ')}`}
    ) l${level} ON true`).join('')

const found = (column: string): string => `coalesce(${levels.map((level) => `l${level}.${column}`).join(', ')})`

const keys = levels.map((level) => `step_key(${level}, q.kind, q.match_function, device.id, q.match_parameters, q.match_protocol,
      origin.id, q.origin_position, destination.id, q.destination_position, NULL, NULL, NULL) AS key_${level}`).join(', ')

const keyed = `
    WITH keyed AS MATERIALIZED (
      SELECT q.ordinality AS n, coalesce(q.commanded_seconds, 0) AS commanded, ${keys}
      FROM ROWS FROM (jsonb_to_recordset($1) AS (
        kind text, match_function text, match_parameters uuid, match_protocol uuid, device text, origin_device text, origin_position integer,
        destination_device text, destination_position integer, commanded_seconds double precision
      )) WITH ORDINALITY q
      LEFT JOIN device ON device.name = q.device AND device.retired_at IS NULL
      LEFT JOIN device origin ON origin.name = q.origin_device AND origin.retired_at IS NULL
      LEFT JOIN device destination ON destination.name = q.destination_device AND destination.retired_at IS NULL
    )`

// What an estimate is at heart: the k-th smallest of the window.
export const estimates = {
  name: 'estimates',
  text: `${keyed}
    SELECT commanded + found.samples[least(cardinality(found.samples), ceil($2::float8 * (cardinality(found.samples) + 1))::int)] AS duration_seconds,
      cardinality(found.samples) AS sample_size
    FROM keyed ${windows('array_agg(sample_seconds ORDER BY sample_seconds) AS samples')}
    CROSS JOIN LATERAL (SELECT ${found('samples')} AS samples) found
    ORDER BY n`
}

// What the whole answer is made of: also when the samples were taken, the spread of the wider level where they are fewer than
// $2, and the margins that the newest run left.
export const estimate = {
  name: 'estimate',
  text: `${keyed}
    SELECT CASE ${levels.map((level) => `WHEN l${level}.samples IS NOT NULL THEN ${level}`).join(' ')} END AS level,
      ${found('samples')}::text AS samples, ${found('finishes')}::text AS finishes, spread.borrowed_spread,
      (SELECT to_jsonb(margins) FROM run WHERE margins IS NOT NULL ORDER BY ended_at DESC LIMIT 1) AS margins
    FROM keyed ${windows("array_agg(sample_seconds ORDER BY finish DESC) AS samples, array_agg(date_part('epoch', finish) ORDER BY finish DESC) AS finishes")}
    LEFT JOIN LATERAL (
      SELECT jsonb_build_object(
        'deviation', CASE WHEN count(residual) < 20 THEN sqrt(avg(residual ^ 2))
          ELSE (percentile_disc(0.95) WITHIN GROUP (ORDER BY residual) - percentile_disc(0.05) WITHIN GROUP (ORDER BY residual)) / 3.29 END,
        'degrees', count(*) - count(DISTINCT key_1),
        'outlier_share', (count(*) FILTER (WHERE residual > ln(2)) + 1)::float8 / (count(residual) + 1)) AS borrowed_spread
      FROM (
        SELECT key_1, (ln - avg(ln) OVER program) * sqrt(count(*) OVER program / nullif(count(*) OVER program - 1, 0)::float8) AS residual
        FROM (
          SELECT key_1, ln(greatest(sample_seconds, 0.001)) FROM step
          WHERE is_sample AND key_4 IS NOT NULL AND key_4 = keyed.key_4 AND cardinality(${found('samples')}) < $2
          ORDER BY finish DESC LIMIT 200
        ) w WINDOW program AS (PARTITION BY key_1)
      ) w HAVING count(residual) > 0
    ) spread ON true`
}
