-- Returns the requested slot, without a look at what is in it. If no slot was requested, returns the lowest free slot in which
-- the labware type fits: one that belongs to the reservation if there is one, otherwise one that is not reserved. A slot that
-- disposes is never free. `_pointers` is { device, position, reservation }: the JSON pointers of the three in the request.
-- `_type` is null if nobody described the type. `_from` is a slot number below which no slot is free, as the caller knows: a
-- batch searches a device once, not once for each input.
--
-- Raises: device-not-found, position-not-found, position-disposes, no-free-position, labware-does-not-fit, reservation-not-found,
-- reservation-mismatch
-- Settings: Only indexes in their order: the search then stops at the first free slot. A plan that was made when the tables
-- were nearly empty would read all slots and all placements for each container of a batch.
CREATE OR REPLACE FUNCTION choose_position(_device text, _slot integer, _pointers jsonb, _reservation uuid, _type labware_type, _from integer DEFAULT 0) RETURNS uuid
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
DECLARE
  device_found uuid;
  found_id uuid;
  device_types text[];
  device_max double precision;
BEGIN
  IF _reservation IS NOT NULL THEN
    PERFORM refuse_unknown_reservation(_reservation, jsonb_build_object('pointer', _pointers->'reservation'));
  END IF;
  IF _slot IS NOT NULL THEN
    found_id := require_position(_device, _slot, _pointers);
    PERFORM refuse_waste(lookup_waste(_device, _slot), _pointers->>'position');
    RETURN found_id;
  END IF;
  device_found := require_device(_device, _pointers->>'device');
  IF _type.name IS NOT NULL THEN
    SELECT d.labware_types, d.max_height_mm INTO device_types, device_max FROM device d WHERE d.id = device_found;
  END IF;
  SELECT p.id INTO found_id
  FROM position p
  WHERE p.device_id = device_found AND p.slot_number >= _from AND p.active
    -- As a join, PostgreSQL would read all slots of the device; like this it stops at the first free one.
    AND (SELECT pl.position_id FROM placement pl WHERE pl.position_id = p.id) IS NULL
    AND (SELECT r.id FROM active_reservation r WHERE r.position_id = p.id) IS NOT DISTINCT FROM _reservation
    AND misfit_rule(_type.name, _type.deep_well, _type.height_mm, p.deep_well_suited, p.labware_types, p.max_height_mm, device_types, device_max) IS NULL
  ORDER BY p.slot_number LIMIT 1;
  IF found_id IS NULL THEN
    PERFORM refuse_no_free_position(device_found, _pointers, _reservation, _type);
  END IF;
  RETURN found_id;
END $$;
