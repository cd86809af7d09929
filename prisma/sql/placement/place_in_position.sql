-- Places a part of a container in a slot, from wherever the part is now. Nothing happens if the part is there
-- already. It looks before it writes, which is safe under the lab lock; the primary key of `placement` stops whoever
-- does not take the lock.
--
-- Locks: The caller holds the lab lock.
-- Raises: position-occupied, labware-does-not-fit, position-reserved, reservation-not-found, reservation-mismatch
CREATE OR REPLACE FUNCTION place_in_position(_container uuid, _part text, _position uuid, _pointer text, _reservation uuid DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  there record;
BEGIN
  SELECT pl.container_id, pl.part, rp.reservation_id IS NOT NULL AS is_reserved INTO there
  FROM position p LEFT JOIN placement pl ON pl.position_id = p.id LEFT JOIN reserved_position rp ON rp.position_id = p.id
  WHERE p.id = _position;
  IF there.container_id = _container AND there.part = _part THEN
    RETURN;
  ELSIF there.container_id IS NOT NULL THEN
    PERFORM refuse_occupied_position(_position, _pointer);
  END IF;
  PERFORM refuse_labware_misfit(lookup_labware_type(_container, _part), _position, _pointer);
  IF there.is_reserved OR _reservation IS NOT NULL THEN
    PERFORM claim_position(_position, _part, _reservation, _pointer);
  END IF;
  PERFORM write_placement(_container, _part, _position);
END $$;
