-- Compares what was seen on a device with what is tracked: { items, counts, ends, labels, added, warnings, relabelled }.
-- `_seen` is [{ position, barcode, lidded, new_id }]: each slot in which there is a plate; a slot that is not in it is
-- empty. Everything but `items` and `counts` says what applying it does: `ends` as container_end, `labels` is [{ id, barcode }]
-- of containers that get the barcode that was read, `added` is [{ id, name, barcode, lidded, position_id }]. `relabelled` are
-- the findings about seen labels that a container on the platform bore before.
--
-- What was seen is told once. A plate that was seen in a slot that the device does not have, or that disposes, is seen, and so not missing; it has no
-- end, because seen_slot_findings refuses it. Nor is a container missing whose former label was seen, because the plate may be that container.
-- It is not, if that container was seen with its own label; then the plate is another one.
--
-- NOT IN, where nothing is null, is one look into a hash for each row, whatever PostgreSQL expects of the number of rows. NOT EXISTS
-- was a look through all rows for each row, and so are joins of these lists: seconds for 10,000 slots. They join tables instead.
--
-- Locks: The caller holds the lab lock if it applies the plan.
CREATE OR REPLACE FUNCTION plan_stocktake(_device uuid, _seen jsonb) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
  WITH slot AS MATERIALIZED (
    SELECT p.id, p.slot_number, d.name AS device FROM position p JOIN device d ON d.id = p.device_id WHERE p.device_id = _device AND p.retired_at IS NULL AND NOT p.disposes
  ),
  tracked AS MATERIALIZED (
    SELECT s.id AS position_id, s.slot_number, pl.container_id, pl.part, c.barcode
    FROM slot s JOIN placement pl ON pl.position_id = s.id JOIN container c ON c.id = pl.container_id
  ),
  look AS MATERIALIZED (
    SELECT (t.n - 1)::integer AS index, s.id AS position_id, (t.i->>'position')::integer AS slot_number, t.i->>'barcode' AS barcode, (t.i->>'lidded')::boolean AS lidded,
      (t.i->>'new_id')::uuid AS new_id, c.id AS bearer, here.container_id AS standing, body.barcode AS standing_barcode
    FROM jsonb_array_elements(_seen) WITH ORDINALITY AS t (i, n)
    LEFT JOIN slot s ON s.slot_number = (t.i->>'position')::integer
    LEFT JOIN container c ON c.barcode = t.i->>'barcode' AND c.removed_at IS NULL
    LEFT JOIN placement here ON here.position_id = s.id AND here.part = 'body' LEFT JOIN container body ON body.id = here.container_id
  ),
  -- Which container is seen. A plate that cannot be read is the one that is tracked in its slot, unless that one was seen
  -- elsewhere. A label that nobody bears belongs to the plate that is tracked there without one.
  seen AS MATERIALIZED (
    SELECT l.*, CASE
      WHEN l.bearer IS NOT NULL THEN l.bearer
      WHEN (l.barcode IS NULL OR l.standing_barcode IS NULL) AND l.standing NOT IN (SELECT o.bearer FROM look o WHERE o.bearer IS NOT NULL) THEN l.standing END AS container_id,
      CASE WHEN l.bearer IS NULL AND l.barcode IS NOT NULL THEN former_bearers(l.barcode) END AS bearers
    FROM look l
  ),
  doubt AS MATERIALIZED (
    SELECT s.index, (b->>'id')::uuid AS container_id FROM seen s CROSS JOIN LATERAL jsonb_array_elements(s.bearers) AS b
    WHERE b->>'removed_at' IS NULL AND b->>'id' IS DISTINCT FROM s.container_id::text
      AND (b->>'id')::uuid NOT IN (SELECT o.bearer FROM look o WHERE o.bearer IS NOT NULL)
  ),
  judged AS MATERIALIZED (
    SELECT s.slot_number, 0 AS rank, s.index, s.container_id, s.position_id, s.barcode, s.lidded, s.new_id, s.bearers,
      s.position_id IS NOT NULL AND s.index NOT IN (SELECT d.index FROM doubt d) AS is_certain,
      CASE
        WHEN s.bearer IS NULL AND s.barcode IS NOT NULL THEN 'unknown'
        WHEN s.container_id IS NULL THEN 'unexpected'
        WHEN s.container_id = s.standing THEN 'match'
        ELSE 'elsewhere' END AS finding
    FROM seen s
    UNION ALL
    SELECT t.slot_number, 1, NULL, t.container_id, t.position_id, NULL, NULL, NULL, NULL, true, CASE t.part WHEN 'body' THEN 'missing' ELSE 'lid' END
    FROM tracked t
    WHERE CASE t.part
      WHEN 'body' THEN t.container_id NOT IN (SELECT s.container_id FROM seen s WHERE s.container_id IS NOT NULL UNION ALL SELECT d.container_id FROM doubt d)
      -- the lid of a plate that was seen with its lid on is not there
      ELSE t.position_id NOT IN (SELECT s.position_id FROM seen s WHERE s.position_id IS NOT NULL)
        AND t.container_id NOT IN (SELECT s.container_id FROM seen s WHERE s.lidded AND s.container_id IS NOT NULL) END
  ),
  -- A plate stands where the lid was tracked, so nobody knows where that lid is.
  displaced AS MATERIALIZED (
    SELECT pl.container_id, pl.position_id, s.slot_number, s.index FROM seen s JOIN placement pl ON pl.position_id = s.position_id AND pl.part = 'lid'
  ),
  ending AS (
    SELECT who.nth, who.index, c.id AS container_id, body.position_id AS body_from, who.body_to, lid.position_id AS lid_from, c.lidded AS lidded_from,
      coalesce(who.lidded, c.lidded) AS lidded_to,
      CASE WHEN NOT coalesce(who.lidded, c.lidded) AND lid.position_id NOT IN (SELECT d.position_id FROM displaced d) THEN lid.position_id END AS lid_to
    FROM (
      SELECT j.slot_number AS nth, j.container_id, CASE WHEN j.finding <> 'missing' THEN j.position_id END AS body_to, j.lidded, j.index
      FROM judged j WHERE j.container_id IS NOT NULL AND j.finding <> 'lid' AND j.is_certain
      UNION ALL
      SELECT d.slot_number, d.container_id, pl.position_id, NULL, NULL
      FROM displaced d LEFT JOIN placement pl ON pl.container_id = d.container_id AND pl.part = 'body'
      WHERE d.container_id NOT IN (SELECT j.container_id FROM judged j WHERE j.container_id IS NOT NULL AND j.finding <> 'lid' AND j.is_certain)
    ) who
    JOIN container c ON c.id = who.container_id
    LEFT JOIN placement body ON body.container_id = c.id AND body.part = 'body'
    LEFT JOIN placement lid ON lid.container_id = c.id AND lid.part = 'lid'
  )
  SELECT jsonb_build_object(
    'items', (SELECT coalesce(jsonb_agg(CASE WHEN j.bearers IS NULL THEN '{}' ELSE jsonb_build_object('relabelled', j.bearers) END || jsonb_build_object(
        'position', j.slot_number, 'finding', j.finding,
        'container', CASE WHEN s.id IS NOT NULL THEN jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name) END,
        'tracked', CASE WHEN j.finding = 'lid' THEN s.lid || jsonb_build_object('lidded', false)
          WHEN s.device IS NOT NULL THEN jsonb_build_object('device', s.device, 'position', s.position, 'lidded', s.lidded) END,
        'seen', CASE WHEN j.index IS NOT NULL THEN jsonb_build_object('position', j.slot_number, 'barcode', j.barcode, 'lidded', j.lidded) END)
      ORDER BY j.slot_number, j.rank), '[]')
      FROM judged j LEFT JOIN container_state s ON s.id = j.container_id),
    'counts', (SELECT jsonb_object_agg(k.finding, (SELECT count(*) FROM judged j WHERE j.finding = k.finding))
      FROM (VALUES ('match'), ('elsewhere'), ('unknown'), ('missing'), ('unexpected'), ('lid')) AS k (finding)),
    'ends', (SELECT coalesce(jsonb_agg(to_jsonb(e) - 'nth' - 'index' ORDER BY e.nth, e.container_id), '[]') FROM ending e
      WHERE e.body_from IS DISTINCT FROM e.body_to OR e.lid_from IS DISTINCT FROM e.lid_to OR e.lidded_from <> e.lidded_to),
    'labels', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', j.container_id, 'barcode', j.barcode) ORDER BY j.slot_number), '[]')
      FROM judged j WHERE j.finding = 'unknown' AND j.container_id IS NOT NULL AND j.is_certain),
    'added', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', j.new_id, 'name', coalesce(j.barcode, 'container-' || right(j.new_id::text, 8)), 'barcode', j.barcode,
        'lidded', coalesce(j.lidded, false), 'position_id', j.position_id) ORDER BY j.slot_number), '[]')
      FROM judged j WHERE j.finding IN ('unknown', 'unexpected') AND j.container_id IS NULL AND j.is_certain),
    'warnings', (SELECT coalesce(jsonb_agg(w.warning ORDER BY w.index), '[]') FROM (
        SELECT split_part(unusual.warning->>'pointer', '/', 3)::integer AS index, unusual.warning
        FROM jsonb_array_elements(end_warnings((
          SELECT coalesce(jsonb_agg(jsonb_build_object('container_id', e.container_id, 'body_to', e.body_to, 'lidded_to', e.lidded_to, 'pointer', '/seen/' || e.index)), '[]')
          FROM ending e WHERE e.index IS NOT NULL))) AS unusual (warning)
        UNION ALL
        SELECT d.index, jsonb_build_object('code', 'lid-displaced', 'pointer', '/seen/' || d.index || '/position', 'detail',
          'The lid of "' || c.name || '" was tracked in slot ' || d.slot_number || ', where a plate was seen. Nobody knows where the lid is.') AS warning
        FROM displaced d JOIN container c ON c.id = d.container_id WHERE d.container_id NOT IN (SELECT e.container_id FROM ending e WHERE e.lidded_to)
        UNION ALL
        SELECT split_part(alike.warning->>'pointer', '/', 3)::integer, alike.warning
        FROM jsonb_array_elements(label_warnings((
          SELECT coalesce(jsonb_agg(jsonb_build_object('id', j.container_id, 'barcode', j.barcode, 'pointer', '/seen/' || j.index || '/barcode') ORDER BY j.index), '[]')
          FROM judged j WHERE j.finding = 'unknown'))) AS alike (warning)) w),
    'relabelled', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', 'barcode-replaced', 'members', jsonb_build_object(
        'barcode', f.barcode, 'pointer', '/seen/' || f.index || '/barcode', 'index', f.index, 'relabelled', f.bearers)) ORDER BY f.index), '[]')
      FROM seen f WHERE f.index IN (SELECT d.index FROM doubt d)))
$$;
