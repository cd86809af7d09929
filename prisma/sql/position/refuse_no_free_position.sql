-- Refuses a device because none of its slots can be chosen: the labware type fits in none of those that are free, the
-- reservation has none there, or none is free.
--
-- Raises: labware-does-not-fit, no-free-position, reservation-mismatch or reservation-not-found, always one of them.
CREATE OR REPLACE FUNCTION refuse_no_free_position(_device uuid, _pointers jsonb, _reservation uuid, _type labware_type) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  place jsonb;
  free uuid[];
BEGIN
  SELECT jsonb_build_object('device', name, 'pointer', _pointers->'device') INTO place FROM device WHERE id = _device;
  IF _type.name IS NOT NULL THEN
    free := ARRAY(SELECT p.id FROM position p WHERE p.device_id = _device AND p.active AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id)
      AND (SELECT r.id FROM active_reservation r WHERE r.position_id = p.id) IS NOT DISTINCT FROM _reservation ORDER BY p.slot_number);
    IF cardinality(free) > 0 THEN
      PERFORM refuse('labware-does-not-fit', (labware_misfit(_type, free[1]) - 'position') || place || jsonb_build_object('free', cardinality(free)));
    END IF;
  END IF;
  IF _reservation IS NOT NULL THEN
    PERFORM refuse_reservation_mismatch(_reservation, place);
  END IF;
  PERFORM refuse('no-free-position', place || (
    SELECT jsonb_build_object('positions', count(*), 'reserved', (SELECT count(*) FROM active_reservation r JOIN position q ON q.id = r.position_id
        WHERE q.device_id = _device AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = q.id)))
      || CASE WHEN bool_or(p.disposes) THEN jsonb_build_object('disposing', count(*) FILTER (WHERE p.disposes)) ELSE '{}' END
    FROM position p WHERE p.device_id = _device AND p.retired_at IS NULL));
END $$;
