-- Refuses a slot that disposes: nothing can stand in it.
--
-- Raises: position-disposes
CREATE OR REPLACE FUNCTION refuse_waste(_position uuid, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  place jsonb;
BEGIN
  SELECT jsonb_build_object('device', d.name, 'position', p.slot_number, 'pointer', _pointer) INTO place
  FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = _position AND p.disposes;
  IF place IS NOT NULL THEN
    PERFORM refuse('position-disposes', place);
  END IF;
END $$;
