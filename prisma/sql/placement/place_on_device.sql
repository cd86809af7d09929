-- Places a part of a container on a device: in the slot that was asked for, or in a free one (see choose_position).
-- `_pointers` is { device, position, reservation }: the JSON pointers of the three in the request.
--
-- Locks: The caller holds the lab lock.
-- Raises: What choose_position and place_in_position raise.
CREATE OR REPLACE FUNCTION place_on_device(_container uuid, _part text, _device text, _slot integer, _pointers jsonb, _reservation uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM place_in_position(_container, _part, choose_position(_device, _slot, _pointers, _reservation), _pointers->>'position', _reservation);
END $$;
