-- Returns what a problem says of a missing container: since when it is missing, and where it was last. Returns an empty
-- object if it is not missing.
CREATE OR REPLACE FUNCTION missing_members(_snapshot jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN _snapshot->>'missing_since' IS NULL THEN '{}'::jsonb ELSE jsonb_build_object(
    'missing_since', _snapshot->'missing_since',
    'last', jsonb_build_object('device', _snapshot->'last_device', 'position', _snapshot->'last_position')) END
$$;
