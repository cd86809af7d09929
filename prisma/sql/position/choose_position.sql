-- Returns the requested slot, without a look at what is in it. If no slot was requested, returns the lowest
-- free slot: one that belongs to the reservation if there is one, otherwise one that is not reserved. `_pointers` is
-- { device, position, reservation }: the JSON pointers of the three in the request. `_from` is a slot number below which
-- no slot is free, as the caller knows: a batch searches a device once, not once for each input.
--
-- Raises: device-not-found, position-not-found, no-free-position, reservation-not-found, reservation-mismatch
-- Settings: Only indexes in their order: the search then stops at the first free slot. A plan that was made when the tables
-- were nearly empty would read all slots and all placements for each container of a batch.
CREATE OR REPLACE FUNCTION choose_position(_device text, _slot integer, _pointers jsonb, _reservation uuid DEFAULT NULL, _from integer DEFAULT 0) RETURNS uuid
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
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
  WHERE p.device_id = device_found AND p.slot_number >= _from AND p.retired_at IS NULL
    -- As a join, PostgreSQL would read all slots of the device; like this it stops at the first free one.
    AND (SELECT pl.position_id FROM placement pl WHERE pl.position_id = p.id) IS NULL
    AND (SELECT r.id FROM active_reservation r WHERE r.position_id = p.id) IS NOT DISTINCT FROM _reservation
  ORDER BY p.slot_number LIMIT 1;
  IF found_id IS NULL THEN
    PERFORM refuse_no_free_position(device_found, _pointers, _reservation);
  END IF;
  RETURN found_id;
END $$;
