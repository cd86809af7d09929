-- Returns the state that an event left behind, in full. Null if the object is gone. Of a container, `stored_container` leaves out what is added
-- here; of the log of one step, the columns say everything.
CREATE OR REPLACE FUNCTION event_after(_event event_log) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN _event.became IS NULL AND _event.kind = 'steps-logged' THEN jsonb_build_object('logged', 1, 'extended', 0,
      'first_start', wire_time(_event.first_start), 'last_finish', wire_time(_event.last_finish))
    WHEN _event.container_id IS NOT NULL AND _event.became IS NOT NULL THEN '{"barcode": null, "device": null, "position": null, "lid": null, "content": null,
      "labware_type": null, "labware_uuid": null, "removed_at": null, "missing_since": null, "last_device": null, "last_position": null}'::jsonb
      || jsonb_build_object('id', _event.container_id) || _event.became
    ELSE _event.became
  END
$$;
