-- Returns the requested slot, without a look at what is in it. If no slot was requested, returns the lowest
-- free slot: one that belongs to the reservation if there is one, otherwise one that is not reserved. `_pointers` is
-- { device, position, reservation }: the JSON pointers of the three in the request.
--
-- Raises: device-not-found, position-not-found, no-free-position, reservation-not-found, reservation-mismatch
CREATE OR REPLACE FUNCTION choose_position(_device text, _slot integer, _pointers jsonb, _reservation uuid DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql STABLE AS $$
DECLARE
  device_found uuid;
  found_id uuid;
BEGIN
  IF _reservation IS NOT NULL THEN
    PERFORM refuse_unknown_reservation(_reservation, jsonb_build_object('pointer', _pointers->'reservation'));
  END IF;
  IF _slot IS NOT NULL THEN
    RETURN require_position(_device, _slot, _pointers);
  END IF;
  device_found := require_device(_device, _pointers->>'device');
  SELECT p.id INTO found_id
  FROM position p
  WHERE p.device_id = device_found AND p.retired_at IS NULL
    AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id)
    AND (SELECT r.id FROM active_reservation r WHERE r.position_id = p.id) IS NOT DISTINCT FROM _reservation
  ORDER BY p.slot_number LIMIT 1;
  IF found_id IS NULL THEN
    PERFORM refuse_no_free_position(device_found, _pointers, _reservation);
  END IF;
  RETURN found_id;
END $$;
