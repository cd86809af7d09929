-- Claims a slot for a part of a container. If the request names the reservation of the slot, the slot is taken out of
-- it. Refuses a slot that is reserved for somebody else, or that is not in the named reservation. Expiry depends on the
-- time, so no constraint can check it. `_pointer` is the JSON pointer of the slot in the request.
--
-- Locks: The caller holds the lab lock.
-- Raises: position-reserved, reservation-not-found, reservation-mismatch
CREATE OR REPLACE FUNCTION claim_position(_position uuid, _part text, _reservation uuid, _pointer text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held active_reservation;
  place jsonb;
BEGIN
  SELECT * INTO held FROM active_reservation WHERE position_id = _position;
  IF held.id IS NULL AND _reservation IS NULL THEN
    RETURN;
  END IF;
  IF held.id = _reservation AND held.purpose = (CASE _part WHEN 'body' THEN 'container' ELSE 'lid' END) THEN
    PERFORM consume_reservation(ARRAY[_position]);
    RETURN;
  END IF;
  SELECT jsonb_build_object('device', d.name, 'position', p.slot_number, 'pointer', _pointer) INTO place
  FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = _position;
  IF _reservation IS NULL THEN
    PERFORM refuse('position-reserved', place || jsonb_build_object('reserved',
      jsonb_build_object('id', held.id, 'owner', held.owner, 'expires_at', wire_time(held.expires_at))));
  END IF;
  PERFORM refuse_reservation_mismatch(_reservation, place);
END $$;
