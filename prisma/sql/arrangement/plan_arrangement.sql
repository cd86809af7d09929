-- Plans an arrangement, and judges it by its end: { ends, findings, repeated, warnings }. `_items` is [{ named, id, member, device,
-- position, lidded, lid }], `_missing` is [{ named, id }]; omitted members stay as they are. `ends` are the containers that
-- change, as container_end. `findings` is [{ code, members }], everything that contradicts, in the order of the request;
-- a finding about a slot names both of them. `repeated` is the first entry that names a container of an earlier entry:
-- { pointer, first }, or null. `warnings` are those of end_warnings, also for containers that stay as they are.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION plan_arrangement(_items jsonb, _missing jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH entry AS (
    SELECT t.n AS nth, (t.n - 1)::integer AS index, '/items/' || t.n - 1 AS pointer, false AS is_missing, t.i AS input, '/' || (t.i->>'member') AS member
    FROM jsonb_array_elements(_items) WITH ORDINALITY AS t (i, n)
    UNION ALL
    SELECT jsonb_array_length(_items) + t.n, (t.n - 1)::integer, '/missing/' || t.n - 1, true, t.i, ''
    FROM jsonb_array_elements(_missing) WITH ORDINALITY AS t (i, n)
  ),
  resolved AS MATERIALIZED (
    SELECT e.*, coalesce(by_id.id, by_barcode.id) AS container_id, by_id.removed_at, coalesce(by_id.lidded, by_barcode.lidded) AS lidded_from,
      d.id AS device_id, p.id AS position_id, p.active, ld.id AS lid_device_id, lp.id AS lid_position_id, lp.active AS lid_active,
      jsonb_typeof(e.input->'lid') AS lid_said
    FROM entry e
    LEFT JOIN container by_id ON by_id.id = (e.input->>'id')::uuid
    LEFT JOIN container by_barcode ON by_barcode.barcode = e.input->>'named' AND by_barcode.removed_at IS NULL
    LEFT JOIN device d ON d.name = e.input->>'device' AND d.retired_at IS NULL
    LEFT JOIN position p ON p.device_id = d.id AND p.slot_number = (e.input->>'position')::integer AND p.retired_at IS NULL
    LEFT JOIN device ld ON ld.name = e.input->'lid'->>'device' AND ld.retired_at IS NULL
    LEFT JOIN position lp ON lp.device_id = ld.id AND lp.slot_number = (e.input->'lid'->>'position')::integer AND lp.retired_at IS NULL
  ),
  unknown AS (
    SELECT r.nth, 1 AS rank, 'container-not-found' AS code, jsonb_build_object(
      'container', coalesce(r.input->>'named', r.input->>'id'), 'pointer', r.pointer || r.member, 'index', r.index)
      || barcode_hints(r.input->>'named') AS members
    FROM resolved r WHERE r.container_id IS NULL
    UNION ALL
    SELECT r.nth, 1, 'container-removed', jsonb_build_object('container', r.container_id, 'removed_at', wire_time(r.removed_at),
      'pointer', r.pointer || r.member, 'index', r.index)
    FROM resolved r WHERE r.removed_at IS NOT NULL
    UNION ALL
    SELECT r.nth, place.rank, CASE WHEN place.device_id IS NULL THEN 'device-not-found' ELSE 'position-not-found' END,
      CASE WHEN place.device_id IS NULL THEN jsonb_build_object('device', place.said->'device', 'pointer', r.pointer || place.base || '/device', 'index', r.index)
      ELSE jsonb_build_object('device', place.said->'device', 'position', place.said->'position', 'pointer', r.pointer || place.base || '/position',
        'index', r.index, 'valid_range', valid_slot_range(place.device_id)) END
    FROM resolved r CROSS JOIN LATERAL (VALUES
      (2, '', r.input, r.device_id, r.position_id, NOT r.is_missing),
      (3, '/lid', r.input->'lid', r.lid_device_id, r.lid_position_id, r.lid_said = 'object')
    ) AS place (rank, base, said, device_id, position_id, is_said)
    WHERE place.is_said AND place.position_id IS NULL
    UNION ALL
    SELECT r.nth, place.rank, 'position-disposes', jsonb_build_object('device', place.said->'device', 'position', place.said->'position',
      'pointer', r.pointer || place.base || '/position', 'index', r.index)
    FROM resolved r CROSS JOIN LATERAL (VALUES
      (2, '', r.input, r.position_id, NOT r.is_missing), (3, '/lid', r.input->'lid', r.lid_position_id, r.lid_said = 'object')
    ) AS place (rank, base, said, position_id, is_said)
    JOIN position p ON p.id = place.position_id AND p.disposes
    WHERE place.is_said
  ),
  ending AS MATERIALIZED (
    SELECT r.nth, r.index, r.pointer, r.container_id, body.position_id AS body_from, CASE WHEN NOT r.is_missing AND r.active THEN r.position_id END AS body_to,
      lid.position_id AS lid_from, r.lidded_from, r.lid_said = 'object' AS parks, r.nth IN (SELECT u.nth FROM unknown u) AS is_faulty,
      CASE WHEN r.lid_said = 'object' THEN false ELSE coalesce((r.input->>'lidded')::boolean, r.lidded_from) END AS lidded_to,
      CASE WHEN r.lid_said = 'object' THEN CASE WHEN r.lid_active THEN r.lid_position_id END
        WHEN r.lid_said = 'null' OR coalesce((r.input->>'lidded')::boolean, r.lidded_from) THEN NULL
        ELSE lid.position_id END AS lid_to
    FROM resolved r
    LEFT JOIN placement body ON body.container_id = r.container_id AND body.part = 'body'
    LEFT JOIN placement lid ON lid.container_id = r.container_id AND lid.part = 'lid'
    WHERE r.container_id IS NOT NULL AND r.removed_at IS NULL
  ),
  -- What is where at the end. `nth` is the entry that says so; null if nobody says so, and it stays. Also an entry with a place that
  -- cannot be says that its container is not where it is tracked.
  standing AS (
    SELECT pl.position_id, pl.container_id, pl.part, NULL::bigint AS nth, NULL::integer AS index, NULL AS pointer
    FROM placement pl
    WHERE pl.position_id IN (SELECT body_to FROM ending UNION ALL SELECT lid_to FROM ending)
      AND pl.container_id NOT IN (SELECT e.container_id FROM ending e)
    UNION ALL
    SELECT e.body_to, e.container_id, 'body', e.nth, e.index, e.pointer || '/position' FROM ending e WHERE e.body_to IS NOT NULL
    UNION ALL
    SELECT e.lid_to, e.container_id, 'lid', CASE WHEN e.parks THEN e.nth END, e.index, e.pointer || '/lid/position' FROM ending e WHERE e.lid_to IS NOT NULL
  ),
  shared AS (
    SELECT s.*, row_number() OVER slot AS rank, first_value(s.container_id) OVER slot AS other, first_value(s.part) OVER slot AS other_part,
      first_value(s.nth) OVER slot AS other_nth, first_value(s.index) OVER slot AS other_index
    FROM standing s WINDOW slot AS (PARTITION BY s.position_id ORDER BY s.nth NULLS FIRST, s.part)
  ),
  contradicting AS (
    SELECT s.nth, 4 AS rank, 'position-occupied' AS code, jsonb_build_object('device', d.name, 'position', p.slot_number, 'pointer', s.pointer, 'index', s.index,
        'occupants', jsonb_build_array(occupant_label(s.other, s.other_part), occupant_label(s.container_id, s.part)))
      || CASE WHEN s.other_nth IS NULL THEN jsonb_build_object('occupant', occupant_label(s.other, s.other_part)
          || jsonb_build_object('since', (SELECT wire_time(pl.since) FROM placement pl WHERE pl.container_id = s.other AND pl.part = s.other_part)))
        ELSE jsonb_build_object('conflicts_with', jsonb_build_object('index', s.other_index)) END AS members
    FROM shared s JOIN position p ON p.id = s.position_id JOIN device d ON d.id = p.device_id WHERE s.rank > 1 AND s.nth IS NOT NULL
  )
  SELECT jsonb_build_object(
    'ends', (SELECT coalesce(jsonb_agg(jsonb_build_object('container_id', e.container_id, 'body_from', e.body_from, 'body_to', e.body_to,
        'lid_from', e.lid_from, 'lid_to', e.lid_to, 'lidded_from', e.lidded_from, 'lidded_to', e.lidded_to) ORDER BY e.nth), '[]')
      FROM ending e
      WHERE NOT e.is_faulty AND (e.body_from IS DISTINCT FROM e.body_to OR e.lid_from IS DISTINCT FROM e.lid_to OR e.lidded_from <> e.lidded_to)),
    'warnings', (SELECT end_warnings(coalesce(jsonb_agg(jsonb_build_object('container_id', e.container_id, 'body_to', e.body_to, 'lidded_to', e.lidded_to,
      'pointer', e.pointer) ORDER BY e.nth), '[]')) FROM ending e WHERE e.body_to IS NOT NULL AND NOT e.is_faulty),
    'findings', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', f.code, 'members', f.members) ORDER BY f.nth, f.rank), '[]')
      FROM (SELECT * FROM unknown UNION ALL SELECT * FROM contradicting) f),
    'repeated', (SELECT jsonb_build_object('pointer', again.pointer || again.member, 'first', again.first)
      FROM (SELECT r.nth, r.pointer, r.member, first_value(r.pointer) OVER one AS first, row_number() OVER one AS time
        FROM resolved r WHERE r.container_id IS NOT NULL WINDOW one AS (PARTITION BY r.container_id ORDER BY r.nth)) again
      WHERE again.time > 1 ORDER BY again.nth LIMIT 1))
$$;
