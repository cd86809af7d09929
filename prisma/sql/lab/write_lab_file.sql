-- Stores what the lab file says beyond the settings of the single devices, and records the event. `groups` lists all
-- groups of the lab with the names of their devices, in order: [{ name, devices }]. A group that is not listed is no
-- longer in the lab file. Call it after write_devices; `_before` is lab_snapshot() from before write_devices.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION write_lab_file(_input json, _before jsonb, _revision bigint, _ordinal integer, _audit jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  input lab_input := json_populate_record(NULL::lab_input, _input);
BEGIN
  UPDATE lab SET description = input.description, pythonlab_translation = input.pythonlab_translation, extra = input.extra;

  UPDATE device_group SET ordinal = NULL WHERE ordinal IS NOT NULL;
  INSERT INTO device_group (name, ordinal)
  SELECT g.value->>'name', g.ordinality - 1 FROM json_array_elements(input.groups) WITH ORDINALITY g
  ON CONFLICT ON CONSTRAINT device_group_pkey DO UPDATE SET ordinal = excluded.ordinal;

  UPDATE device d SET ordinal = n.ordinality - 1
  FROM json_array_elements(input.groups) g CROSS JOIN LATERAL json_array_elements_text(g->'devices') WITH ORDINALITY n (name, ordinality)
  WHERE d.name = n.name AND d.retired_at IS NULL AND d.ordinal <> n.ordinality - 1;

  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, was, became)
  SELECT _revision, _ordinal, l.recorded_at, 'lab-updated', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), _before, lab_snapshot()
  FROM lab l;
END $$;
