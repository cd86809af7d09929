-- Refuses a change that would turn slots into waste in which there is a container or a lid. The problem names each such slot.
--
-- Raises: slots-occupied
CREATE OR REPLACE FUNCTION refuse_disposing_of_occupied_slots(_positions uuid[]) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  occupied jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('device', d.name, 'position', p.slot_number, 'occupant', occupant_of(p.id)) ORDER BY d.name, p.slot_number)
  INTO occupied
  FROM position p JOIN device d ON d.id = p.device_id JOIN placement pl ON pl.position_id = p.id WHERE p.id = ANY (_positions);
  IF occupied IS NOT NULL THEN
    PERFORM refuse('slots-occupied', jsonb_build_object('disposes', true, 'occupied', occupied));
  END IF;
END $$;
