-- Places a part of a container on a device: in the requested slot, or in a free one (see choose_position). Returns the
-- slot, or null if the device or the slot disposes: then nothing is placed, and the caller disposes of the part. `_pointers` is
-- { device, position, reservation }: the JSON pointers of the three in the request.
--
-- The frequent case takes one query: a slot that exists, is empty, fits and is not reserved. Everything else goes to
-- choose_position and place_in_position, which can say what is wrong.
--
-- Locks: The caller holds the lab lock.
-- Raises: What choose_position and place_in_position raise.
CREATE OR REPLACE FUNCTION place_on_device(_container uuid, _part text, _device text, _slot integer, _pointers jsonb, _reservation uuid) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  target uuid;
BEGIN
  IF _slot IS NOT NULL AND _reservation IS NULL THEN
    SELECT p.id INTO target
    FROM device d JOIN position p ON p.device_id = d.id
    WHERE d.name = _device AND d.retired_at IS NULL AND p.slot_number = _slot AND p.active
      AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id)
      AND NOT EXISTS (SELECT FROM reserved_position rp WHERE rp.position_id = p.id)
      AND (_part = 'lid' OR NOT EXISTS (
        SELECT FROM container c JOIN labware_type t ON t.name = c.labware_type
        WHERE c.id = _container AND misfit_rule(t.name, t.deep_well, t.height_mm, p.deep_well_suited, p.labware_types, p.max_height_mm, d.labware_types, d.max_height_mm) IS NOT NULL));
  END IF;
  IF target IS NOT NULL THEN
    PERFORM write_placement(_container, _part, target);
  ELSIF _reservation IS NULL AND lookup_waste(_device, _slot) IS NOT NULL THEN
    RETURN NULL;
  ELSE
    target := choose_position(_device, _slot, _pointers, _reservation, lookup_labware_type(_container, _part));
    PERFORM place_in_position(_container, _part, target, _pointers->>'position', _reservation);
  END IF;
  RETURN target;
END $$;
