-- Returns a device as an event stores it.
CREATE OR REPLACE FUNCTION device_snapshot(_device uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object(
    'retired_at', wire_time(s.retired_at), 'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM device_state s WHERE s.id = _device
$$;
