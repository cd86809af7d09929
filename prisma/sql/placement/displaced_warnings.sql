-- Returns what is unusual about the container that a correction has just displaced to a place, `_to`, by its labware type: [{ code, pointer,
-- detail }]. `_corrected` is the container that was corrected. It is VOLATILE, so that it sees what the command in the same statement
-- has written.
CREATE OR REPLACE FUNCTION displaced_warnings(_corrected uuid, _to jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF jsonb_typeof(_to) IS DISTINCT FROM 'object' THEN
    RETURN '[]';
  END IF;
  RETURN (
    SELECT coalesce(jsonb_agg(w.value || '{"pointer": "/displace"}'), '[]')
    FROM placement pl JOIN position p ON p.id = pl.position_id AND p.active JOIN device d ON d.id = p.device_id AND d.retired_at IS NULL
    CROSS JOIN LATERAL jsonb_array_elements(labware_warnings(pl.container_id)) AS w (value)
    WHERE d.name = _to->>'device' AND p.slot_number = (_to->>'position')::integer AND pl.part = 'body' AND pl.container_id <> _corrected
      -- Nothing was displaced if everything was so already.
      AND pl.since = command_time()::timestamptz(3));
END $$;
