-- Returns the place { device, position } where a thing is disposed of that is put on a device, or null if the device keeps it.
-- A device that disposes does so whatever slot the request says, and also without slots; then the place is its lowest slot that
-- disposes, or has none. A slot that disposes must be named: a search for a free slot never ends in it.
CREATE OR REPLACE FUNCTION lookup_waste(_device text, _slot integer) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
  found record;
BEGIN
  SELECT d.disposes AS device_disposes, p.id IS NOT NULL AS has_slot, p.disposes AS slot_disposes,
    CASE WHEN d.disposes THEN (SELECT min(w.slot_number) FROM position w WHERE w.device_id = d.id AND w.retired_at IS NULL AND w.disposes) END AS lowest
  INTO found
  FROM device d LEFT JOIN position p ON p.device_id = d.id AND p.slot_number = _slot AND p.retired_at IS NULL
  WHERE d.name = _device AND d.retired_at IS NULL;
  IF found.slot_disposes THEN
    RETURN jsonb_build_object('device', _device, 'position', _slot);
  ELSIF found.device_disposes AND NOT found.has_slot THEN
    RETURN jsonb_build_object('device', _device, 'position', found.lowest);
  END IF;
  RETURN NULL;
END $$;
