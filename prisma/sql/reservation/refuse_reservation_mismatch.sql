-- Refuses a reservation because it is for another slot, device or purpose. The reservation may have expired since the
-- command looked at it.
--
-- Raises: reservation-mismatch or reservation-not-found, always one of them.
CREATE OR REPLACE FUNCTION refuse_reservation_mismatch(_reservation uuid, _place jsonb) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  named jsonb;
BEGIN
  SELECT jsonb_build_object('id', s.id, 'purpose', s.purpose, 'positions', s.positions) INTO named FROM reservation_state s WHERE s.id = _reservation;
  IF named IS NULL THEN
    PERFORM refuse('reservation-not-found', jsonb_build_object('reservation_id', _reservation));
  END IF;
  PERFORM refuse('reservation-mismatch', _place || jsonb_build_object('reservation', named));
END $$;
