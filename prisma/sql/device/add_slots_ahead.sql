-- Adds the slots that devices are going to lack, which are [device_input], before the command has the lab lock. A lab file can add 300,000
-- slots. That takes seconds, and no robot may wait for it. Nobody sees the slots before the command ends. A slot needs the row of its device,
-- so a new device gets one: retired, of version 0, with its id as its name, so that no name is taken twice. write_devices completes it.
--
-- Locks: The rows of existing devices against deletion, until the end of the transaction.
-- Settings: The group of a new device is written by write_devices, so its foreign key is checked at the end of the transaction.
CREATE OR REPLACE FUNCTION add_slots_ahead(_inputs json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  SET CONSTRAINTS device_group_fkey DEFERRED;
  INSERT INTO device (id, name, "group", listed, retired_at, version)
  SELECT input.id, input.id::text, '', false, statement_timestamp(), 0
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  WHERE NOT EXISTS (SELECT FROM device d WHERE d.id = input.id)
  ON CONFLICT DO NOTHING;
  PERFORM add_lacking_slots(_inputs);
END $$;
