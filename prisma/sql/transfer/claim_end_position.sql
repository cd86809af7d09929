-- Chooses the slot where a part of a container ends, claims and returns it: the requested one, or the lowest one that
-- is free at the end. `_vacated` is the slot that the other part of the container leaves, and `_taken` the slot where
-- the other part ends. A slot of the named reservation is taken out of it.
--
-- Locks: The caller holds the lab lock.
-- Raises: What choose_position raises, position-occupied, labware-does-not-fit, position-reserved
CREATE OR REPLACE FUNCTION claim_end_position(
  _container uuid, _part text, _device text, _slot integer, _vacated uuid, _taken uuid, _pointers jsonb, _reservation uuid
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  device_found uuid;
  chosen uuid;
  there placement;
  type labware_type := lookup_labware_type(_container, _part);
  device_types text[];
  device_max double precision;
BEGIN
  IF _reservation IS NOT NULL THEN
    PERFORM refuse_unknown_reservation(_reservation, jsonb_build_object('pointer', _pointers->'reservation'));
  END IF;
  IF _slot IS NULL THEN
    device_found := require_device(_device, _pointers->>'device');
    IF type.name IS NOT NULL THEN
      SELECT d.labware_types, d.max_height_mm INTO device_types, device_max FROM device d WHERE d.id = device_found;
    END IF;
    SELECT p.id INTO chosen
    FROM position p LEFT JOIN placement pl ON pl.position_id = p.id
    WHERE p.device_id = device_found AND p.active AND (pl.position_id IS NULL OR p.id = _vacated) AND p.id IS DISTINCT FROM _taken
      AND (SELECT r.id FROM active_reservation r WHERE r.position_id = p.id) IS NOT DISTINCT FROM _reservation
      AND misfit_rule(type.name, type.deep_well, type.height_mm, p.deep_well_suited, p.labware_types, p.max_height_mm, device_types, device_max) IS NULL
    ORDER BY p.slot_number LIMIT 1;
    IF chosen IS NULL THEN
      PERFORM refuse_no_free_position(device_found, _pointers, _reservation, type);
    END IF;
  ELSE
    chosen := require_position(_device, _slot, _pointers);
    PERFORM refuse_waste(lookup_waste(_device, _slot), _pointers->>'position');
  END IF;
  SELECT * INTO there FROM placement WHERE position_id = chosen;
  IF there.container_id = _container AND there.part = _part THEN
    RETURN chosen;
  ELSIF there.container_id IS NOT NULL AND chosen IS DISTINCT FROM _vacated THEN
    PERFORM refuse_occupied_position(chosen, _pointers->>'position');
  END IF;
  PERFORM refuse_labware_misfit(type, chosen, _pointers->>'position');
  PERFORM claim_position(chosen, _part, _reservation, _pointers->>'position');
  RETURN chosen;
END $$;
