-- Returns the revision that was the present one at a time.
CREATE OR REPLACE FUNCTION revision_at(_time timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT revision FROM event WHERE recorded_at <= _time ORDER BY recorded_at DESC, revision DESC LIMIT 1), 0)
$$;
