-- Returns what contradicts about the slots that were seen, [{ position }]: those that the device does not have, and those that dispose, in
-- which nothing stands. As the findings of plan_arrangement: [{ code, members }], in the order of the request.
CREATE OR REPLACE FUNCTION seen_slot_findings(_device uuid, _seen jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH wrong AS (
    SELECT t.n, 'position-not-found' AS code, t.i->'position' AS position, jsonb_build_object('valid_range', valid_slot_range(_device)) AS more
    FROM jsonb_array_elements(_seen) WITH ORDINALITY AS t (i, n)
    -- NOT IN is one hash table. A join was a loop over all slots for each one that was seen, because nothing says how many those are.
    WHERE (t.i->>'position')::integer NOT IN (SELECT p.slot_number FROM position p WHERE p.device_id = _device AND p.retired_at IS NULL)
    UNION ALL
    SELECT t.n, 'position-disposes', t.i->'position', '{}'
    FROM jsonb_array_elements(_seen) WITH ORDINALITY AS t (i, n)
    -- Not simply IN, because PostgreSQL makes a join of it.
    WHERE NOT ((t.i->>'position')::integer NOT IN (SELECT p.slot_number FROM position p WHERE p.device_id = _device AND p.retired_at IS NULL AND p.disposes))
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object('code', w.code, 'members', w.more || jsonb_build_object('device', d.name, 'position', w.position,
    'pointer', '/seen/' || w.n - 1 || '/position', 'index', w.n - 1)) ORDER BY w.n), '[]')
  FROM wrong w JOIN device d ON d.id = _device
$$;
