-- Returns the slot with this number of an active device, if it is empty, keeps what is put there, fits the labware type, and is in no reservation, not even
-- in an expired one. Null otherwise; choose_position, claim_end_position and place_in_position find out why. `_type` is null if nobody described the type.
-- For the frequent case: the query finds everything by index, and what is seldom needed is not prepared.
CREATE OR REPLACE FUNCTION lookup_free_position(_device text, _slot integer, _type labware_type) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
BEGIN
  SELECT p.id INTO found_id FROM position p
  WHERE p.device_id = (SELECT d.id FROM device d WHERE d.name = _device AND d.retired_at IS NULL) AND p.slot_number = _slot AND p.active
    AND (SELECT pl.position_id FROM placement pl WHERE pl.position_id = p.id) IS NULL
    AND (SELECT rp.position_id FROM reserved_position rp WHERE rp.position_id = p.id) IS NULL;
  IF found_id IS NOT NULL AND _type.name IS NOT NULL AND labware_misfit(_type, found_id) IS NOT NULL THEN
    RETURN NULL;
  END IF;
  RETURN found_id;
END $$;
