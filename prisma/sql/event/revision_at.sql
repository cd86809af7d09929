-- Returns the last revision that was recorded up to a time.
CREATE OR REPLACE FUNCTION revision_at(_time timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT revision FROM event WHERE recorded_at <= _time ORDER BY recorded_at DESC, revision DESC LIMIT 1), 0)
$$;
