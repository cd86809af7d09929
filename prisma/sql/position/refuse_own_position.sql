-- Refuses a slot because the container itself, or its lid, is going to be there.
--
-- Raises: position-occupied, always.
CREATE OR REPLACE FUNCTION refuse_own_position(_snapshot jsonb, _part text, _position uuid, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM refuse('position-occupied', (
    SELECT jsonb_build_object('device', d.name, 'position', p.slot_number, 'pointer', _pointer, 'occupant', jsonb_build_object(
      'id', _snapshot->'id', 'barcode', _snapshot->'barcode', 'name', _snapshot->'name', 'part', _part, 'since', wire_time(command_time())))
    FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = _position));
END $$;
