-- Refuses the first slot that was seen, [{ position }], and that the device does not have, or that disposes: nothing stands there.
--
-- Raises: position-not-found, position-disposes
CREATE OR REPLACE FUNCTION refuse_unknown_slot(_device uuid, _seen jsonb) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  members jsonb;
BEGIN
  SELECT jsonb_build_object('device', d.name, 'position', t.i->'position', 'pointer', '/seen/' || t.n - 1 || '/position', 'index', t.n - 1,
    'valid_range', valid_slot_range(_device)) INTO members
  FROM jsonb_array_elements(_seen) WITH ORDINALITY AS t (i, n) JOIN device d ON d.id = _device
  -- NOT IN is one hash table. A join was a loop over all slots for each one that was seen, because nothing says how many those are.
  WHERE (t.i->>'position')::integer NOT IN (SELECT p.slot_number FROM position p WHERE p.device_id = _device AND p.retired_at IS NULL)
  ORDER BY t.n LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('position-not-found', members);
  END IF;
  SELECT jsonb_build_object('device', d.name, 'position', t.i->'position', 'pointer', '/seen/' || t.n - 1 || '/position', 'index', t.n - 1) INTO members
  FROM jsonb_array_elements(_seen) WITH ORDINALITY AS t (i, n) JOIN device d ON d.id = _device
  -- Not simply IN, because PostgreSQL makes a join of it.
  WHERE NOT ((t.i->>'position')::integer NOT IN (SELECT p.slot_number FROM position p WHERE p.device_id = _device AND p.retired_at IS NULL AND p.disposes))
  ORDER BY t.n LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('position-disposes', members);
  END IF;
END $$;
