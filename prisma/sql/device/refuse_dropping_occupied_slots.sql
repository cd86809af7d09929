-- Refuses input that would drop a slot in which there is a container or a lid, or turn it into waste. The problem names each such slot.
-- `_slots` has the slots for which something is set with the same command, as for write_devices.
--
-- Raises: slots-occupied
CREATE OR REPLACE FUNCTION refuse_dropping_occupied_slots(_inputs json, _slots json) RETURNS void LANGUAGE plpgsql STABLE AS $$
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
  -- Of the slots that keep what is put there, those that are going to dispose: what is set for the slot comes before its device.
  PERFORM refuse_disposing_of_occupied_slots(ARRAY(
    SELECT p.id
    FROM placement pl JOIN position p ON p.id = pl.position_id JOIN device d ON d.id = p.device_id
    LEFT JOIN json_populate_recordset(NULL::device_input, _inputs) AS input ON input.id = d.id
    LEFT JOIN json_populate_recordset(NULL::slot_input, _slots) AS slot ON slot.device_id = d.id AND slot.position = p.slot_number
    WHERE (input.id IS NOT NULL OR slot.device_id IS NOT NULL)
      AND coalesce(CASE WHEN slot.device_id IS NULL THEN p.disposes_set ELSE slot.disposes END, input.disposes, d.disposes)));
END $$;
