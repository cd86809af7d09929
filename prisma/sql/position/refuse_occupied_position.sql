-- Refuses a slot because something else is in it. The problem shows the occupant.
--
-- Raises: position-occupied, always.
CREATE OR REPLACE FUNCTION refuse_occupied_position(_position uuid, _pointer text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse('position-occupied', (
    SELECT jsonb_build_object(
      'device', d.name, 'position', p.slot_number, 'pointer', _pointer, 'occupant', occupant_of(p.id))
    FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = _position));
END $$;
