-- Returns the slot at { device, position }, retired or not. The device is the one that has the name, or had it last.
CREATE OR REPLACE FUNCTION imported_position(_place jsonb) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT id FROM position WHERE device_id = latest_device_named(_place->>'device') AND slot_number = (_place->>'position')::integer
$$;
