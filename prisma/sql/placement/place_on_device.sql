-- Places a part of a container on a device: in the requested slot, or in a free one (see choose_position). Returns the
-- slot. `_pointers` is { device, position, reservation }: the JSON pointers of the three in the request.
--
-- The frequent case takes one query: a slot that exists, is empty and is not reserved. Everything else goes to
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
    WHERE d.name = _device AND d.retired_at IS NULL AND p.slot_number = _slot AND p.retired_at IS NULL
      AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id)
      AND NOT EXISTS (SELECT FROM reserved_position rp WHERE rp.position_id = p.id);
  END IF;
  IF target IS NOT NULL THEN
    PERFORM write_placement(_container, _part, target);
  ELSE
    target := choose_position(_device, _slot, _pointers, _reservation);
    PERFORM place_in_position(_container, _part, target, _pointers->>'position', _reservation);
  END IF;
  RETURN target;
END $$;
