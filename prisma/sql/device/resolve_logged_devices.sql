-- Finds the device of each name in a step log: [{ name }]. Returns the id, and the code and detail of a warning if
-- the device is unlisted or retired. A name that no device ever had is not in the result. Each name is looked up as latest_device_named does it, but
-- within the query: called for each name, that function takes longer than the rest.
CREATE OR REPLACE FUNCTION resolve_logged_devices(_devices jsonb) RETURNS TABLE (name text, id uuid, code text, detail text) LANGUAGE sql STABLE AS $$
  SELECT d.name, d.id,
    CASE WHEN NOT d.listed THEN 'unknown-device' WHEN d.retired_at IS NOT NULL THEN 'retired-device' END,
    CASE WHEN NOT d.listed THEN 'No device of the lab is called "' || d.name || '". The step is stored with the name.'
      WHEN d.retired_at IS NOT NULL THEN 'The device "' || d.name || '" is retired. The step is stored for this device.' END
  FROM jsonb_to_recordset(_devices) AS sent (name text)
  CROSS JOIN LATERAL (SELECT * FROM device known WHERE known.name = sent.name ORDER BY known.retired_at DESC NULLS FIRST LIMIT 1) d
$$;
