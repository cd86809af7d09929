-- Refuses a device because none of its slots can be chosen: the reservation has none there, or none is free.
--
-- Raises: no-free-position, reservation-mismatch or reservation-not-found, always one of them.
CREATE OR REPLACE FUNCTION refuse_no_free_position(_device uuid, _pointers jsonb, _reservation uuid) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  place jsonb;
BEGIN
  SELECT jsonb_build_object('device', name, 'pointer', _pointers->'device') INTO place FROM device WHERE id = _device;
  IF _reservation IS NOT NULL THEN
    PERFORM refuse_reservation_mismatch(_reservation, place);
  END IF;
  PERFORM refuse('no-free-position', place || jsonb_build_object(
    'positions', (SELECT count(*) FROM position WHERE device_id = _device AND retired_at IS NULL),
    'reserved', (SELECT count(*) FROM active_reservation r JOIN position p ON p.id = r.position_id
      WHERE p.device_id = _device AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id))));
END $$;
