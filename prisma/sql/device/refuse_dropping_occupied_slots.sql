-- Refuses input that would drop a slot in which there is a container or a lid, or turn it into waste. The problem names each such slot.
--
-- Raises: slots-occupied
CREATE OR REPLACE FUNCTION refuse_dropping_occupied_slots(_inputs json) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  occupied jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('device', d.name, 'position', p.slot_number, 'occupant', occupant_of(p.id))
    ORDER BY d.name, p.slot_number)
  INTO occupied
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  JOIN device d ON d.id = input.id
  JOIN position p ON p.device_id = d.id
  JOIN placement pl ON pl.position_id = p.id
  WHERE input.retired OR p.slot_number >= input.capacity;
  IF occupied IS NOT NULL THEN
    PERFORM refuse('slots-occupied', jsonb_build_object('occupied', occupied));
  END IF;
  PERFORM refuse_disposing_of_occupied_slots(ARRAY(
    SELECT p.id FROM json_populate_recordset(NULL::device_input, _inputs) AS input JOIN position p ON p.device_id = input.id
    WHERE p.retired_at IS NULL AND NOT p.disposes AND coalesce(p.disposes_set, input.disposes)));
END $$;
