-- Returns all devices as of a revision, read from the log: of each device the snapshot that its last event
-- left. Snapshots of before there was waste do not say `disposes`.
CREATE OR REPLACE FUNCTION device_state_at(_revision bigint) RETURNS SETOF device_state LANGUAGE sql STABLE AS $$
  SELECT (jsonb_populate_record(NULL::device_state, '{"disposes": false}' || e.after)).*
  FROM device d CROSS JOIN LATERAL (
    SELECT after FROM event
    WHERE device_id = d.id AND revision <= _revision AND (kind LIKE 'device-%' OR kind LIKE 'certificate-%')
    ORDER BY revision DESC, ordinal DESC LIMIT 1
  ) e
$$;
