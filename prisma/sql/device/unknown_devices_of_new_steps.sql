-- Returns those of `_devices` that the service has to create: no device ever had the name, and a step names it that
-- was not logged before, or that ends now. A repeated old log must not bring back a name that was changed since.
CREATE OR REPLACE FUNCTION unknown_devices_of_new_steps(_devices jsonb, _steps jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- A subquery, not a join: it looks into the index for each name.
  PERFORM 1 FROM jsonb_to_recordset(_devices) AS d (name text) WHERE (SELECT known.id FROM device known WHERE known.name = d.name LIMIT 1) IS NULL LIMIT 1;
  IF NOT FOUND THEN
    RETURN '[]';
  END IF;
  RETURN (
    SELECT coalesce(jsonb_agg(d), '[]')
    FROM jsonb_to_recordset(_devices) AS d (id uuid, name text)
    WHERE latest_device_named(d.name) IS NULL AND d.name IN (
      SELECT n.name
      FROM jsonb_to_recordset(_steps) AS s (id uuid, status text, device text, origin jsonb, destination jsonb)
      CROSS JOIN LATERAL (VALUES (s.device), (s.origin->>'device'), (s.destination->>'device')) AS n (name)
      WHERE NOT EXISTS (SELECT FROM step known WHERE known.id = s.id
        AND (s.status = 'running' OR known.status NOT IN ('running', 'paused', 'lost')))));
END $$;
