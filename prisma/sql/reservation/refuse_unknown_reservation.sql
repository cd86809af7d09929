-- Refuses a reservation that does not exist or has expired. `_location` is { pointer } or { parameter }: where the
-- request names it.
--
-- Raises: reservation-not-found
CREATE OR REPLACE FUNCTION refuse_unknown_reservation(_reservation uuid, _location jsonb) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM 1 FROM reservation WHERE id = _reservation AND expires_at > command_time();
  IF NOT FOUND THEN
    PERFORM refuse('reservation-not-found', jsonb_build_object('reservation_id', _reservation) || _location);
  END IF;
END $$;
