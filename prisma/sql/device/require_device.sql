-- Returns the active device with this name. `_pointer` is the JSON pointer of the name in the request.
--
-- Raises: device-not-found
CREATE OR REPLACE FUNCTION require_device(_name text, _pointer text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
BEGIN
  SELECT id INTO found_id FROM device WHERE name = _name AND retired_at IS NULL;
  IF found_id IS NULL THEN
    PERFORM refuse('device-not-found', jsonb_build_object('device', _name, 'pointer', _pointer));
  END IF;
  RETURN found_id;
END $$;
