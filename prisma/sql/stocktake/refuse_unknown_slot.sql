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
  LEFT JOIN position p ON p.device_id = _device AND p.slot_number = (t.i->>'position')::integer AND p.retired_at IS NULL
  WHERE p.id IS NULL ORDER BY t.n LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('position-not-found', members);
  END IF;
  SELECT jsonb_build_object('device', d.name, 'position', p.slot_number, 'pointer', '/seen/' || t.n - 1 || '/position', 'index', t.n - 1) INTO members
  FROM jsonb_array_elements(_seen) WITH ORDINALITY AS t (i, n) JOIN device d ON d.id = _device
  JOIN position p ON p.device_id = _device AND p.slot_number = (t.i->>'position')::integer AND p.retired_at IS NULL AND p.disposes
  ORDER BY t.n LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('position-disposes', members);
  END IF;
END $$;
