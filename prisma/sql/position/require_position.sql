-- Returns the active slot of an active device by its number. `_pointers` is { device, position }: the JSON pointers
-- of the two in the request.
--
-- Raises: device-not-found, position-not-found
CREATE OR REPLACE FUNCTION require_position(_device text, _slot integer, _pointers jsonb) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
BEGIN
  SELECT p.id INTO found_id
  FROM device d JOIN position p ON p.device_id = d.id
  WHERE d.name = _device AND d.retired_at IS NULL AND p.slot_number = _slot AND p.retired_at IS NULL;
  IF found_id IS NULL THEN
    PERFORM refuse('position-not-found', jsonb_build_object(
      'device', _device, 'position', _slot, 'pointer', _pointers->>'position', 'valid_range', valid_slot_range(require_device(_device, _pointers->>'device'))));
  END IF;
  RETURN found_id;
END $$;
