-- Adds, restores and retires the slots of devices, which are [device_input], before the command has the lab lock. A lab file can have 300,000
-- slots. They take seconds, and no robot may wait for them. Nobody sees the change before the command ends. write_devices does what is left
-- under the lock: slots in which something stands are left to it, because it refuses them.
-- A slot needs the row of its device, so a new device gets one: retired, of version 0, with its id as its name, so that no name is taken
-- twice. write_devices completes it.
--
-- Locks: The rows of these slots, and those of existing devices against deletion, until the end of the transaction.
-- Settings: The group of a new device is written by write_devices, so its foreign key is checked at the end of the transaction.
CREATE OR REPLACE FUNCTION write_slots_ahead(_inputs json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  SET CONSTRAINTS device_group_fkey DEFERRED;
  INSERT INTO device (id, name, "group", listed, retired_at, version)
  SELECT input.id, input.id::text, '', false, command_time(), 0
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  WHERE NOT EXISTS (SELECT FROM device d WHERE d.id = input.id)
  ON CONFLICT DO NOTHING;
  UPDATE position p SET retired_at = NULL
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  WHERE p.device_id = input.id AND p.retired_at IS NOT NULL AND NOT input.retired AND p.slot_number < input.capacity;
  BEGIN
    UPDATE position p SET retired_at = command_time()
    FROM json_populate_recordset(NULL::device_input, _inputs) AS input
    WHERE p.device_id = input.id AND p.retired_at IS NULL AND p.slot_number >= CASE WHEN input.retired THEN 0 ELSE input.capacity END
      AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id);
  EXCEPTION WHEN foreign_key_violation THEN
    -- Something was placed in one of them meanwhile.
    NULL;
  END;
  PERFORM add_lacking_slots(_inputs);
END $$;
