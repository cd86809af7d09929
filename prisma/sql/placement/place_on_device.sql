-- Places a part of a container on a device: in the requested slot, or in a free one (see choose_position). Returns the
-- slot, or null if the device or the slot disposes: then nothing is placed, and the caller disposes of the part. `_pointers` is
-- { device, position, reservation }: the JSON pointers of the three in the request.
--
-- The frequent case takes two short queries: the type, and lookup_free_position. Everything else goes to choose_position and
-- place_in_position, which can say what is wrong.
--
-- Locks: The caller holds the lab lock.
-- Raises: What choose_position and place_in_position raise.
CREATE OR REPLACE FUNCTION place_on_device(_container uuid, _part text, _device text, _slot integer, _pointers jsonb, _reservation uuid) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  target uuid;
  type labware_type;
BEGIN
  -- most containers have no type
  IF _part = 'body' AND (SELECT c.labware_type FROM container c WHERE c.id = _container) IS NOT NULL THEN
    type := lookup_labware_type(_container, _part);
  END IF;
  IF _slot IS NOT NULL AND _reservation IS NULL THEN
    target := lookup_free_position(_device, _slot, type);
  END IF;
  IF target IS NOT NULL THEN
    PERFORM write_placement(_container, _part, target);
  ELSIF _reservation IS NULL AND lookup_waste(_device, _slot) IS NOT NULL THEN
    RETURN NULL;
  ELSE
    target := choose_position(_device, _slot, _pointers, _reservation, type);
    PERFORM place_in_position(_container, _part, target, _pointers->>'position', _reservation);
  END IF;
  RETURN target;
END $$;
