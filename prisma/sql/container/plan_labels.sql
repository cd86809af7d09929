-- Plans new labels, judged by the end: { labels, findings, repeated, warnings }. `_labels` is [{ named, id, barcode }], each barcode once.
-- `labels` is [{ id, barcode }] of the containers whose label changes; `findings` and `repeated` as of plan_arrangement,
-- `warnings` as of label_warnings.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION plan_labels(_labels jsonb) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
  WITH resolved AS MATERIALIZED (
    SELECT t.n AS nth, '/labels/' || t.n - 1 AS pointer, t.i AS input, coalesce(by_id.id, by_barcode.id) AS container_id, by_id.removed_at,
      coalesce(by_id.barcode, by_barcode.barcode) AS former, t.i->>'barcode' AS barcode
    FROM jsonb_array_elements(_labels) WITH ORDINALITY AS t (i, n)
    LEFT JOIN container by_id ON by_id.id = (t.i->>'id')::uuid
    LEFT JOIN container by_barcode ON by_barcode.barcode = t.i->>'named' AND by_barcode.removed_at IS NULL
  ),
  contradicting AS (
    SELECT r.nth, 'container-not-found' AS code, jsonb_build_object('container', coalesce(r.input->>'named', r.input->>'id'))
      || barcode_hints(r.input->>'named') AS members, '/container' AS member
    FROM resolved r WHERE r.container_id IS NULL
    UNION ALL
    SELECT r.nth, 'container-removed', jsonb_build_object('container', r.container_id, 'removed_at', wire_time(r.removed_at)), '/container'
    FROM resolved r WHERE r.removed_at IS NOT NULL
    UNION ALL
    SELECT r.nth, 'barcode-in-use', jsonb_build_object('barcode', r.barcode,
      'holder', jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name, 'device', s.device, 'position', s.position) || missing_members(container_snapshot(s.id))), '/barcode'
    FROM resolved r JOIN container_state s ON s.barcode = r.barcode AND s.removed_at IS NULL
    WHERE s.id IS DISTINCT FROM r.container_id AND NOT EXISTS (SELECT FROM resolved o WHERE o.container_id = s.id)
  )
  SELECT jsonb_build_object(
    'labels', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.container_id, 'barcode', r.barcode) ORDER BY r.nth), '[]')
      FROM resolved r WHERE r.container_id IS NOT NULL AND r.removed_at IS NULL AND r.former IS DISTINCT FROM r.barcode),
    'warnings', label_warnings((SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.container_id, 'barcode', r.barcode, 'pointer', r.pointer || '/barcode') ORDER BY r.nth), '[]')
      FROM resolved r WHERE r.container_id IS NOT NULL AND r.removed_at IS NULL)),
    'findings', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', c.code,
        'members', c.members || jsonb_build_object('pointer', '/labels/' || c.nth - 1 || c.member, 'index', c.nth - 1)) ORDER BY c.nth, c.member DESC), '[]') FROM contradicting c),
    'repeated', (SELECT jsonb_build_object('pointer', again.pointer || '/container', 'first', again.first)
      FROM (SELECT r.nth, r.pointer, first_value(r.pointer) OVER one AS first, row_number() OVER one AS time
        FROM resolved r WHERE r.container_id IS NOT NULL WINDOW one AS (PARTITION BY r.container_id ORDER BY r.nth)) again
      WHERE again.time > 1 ORDER BY again.nth LIMIT 1))
$$;
