-- Returns the last revision that was recorded up to a time, or 0.
CREATE OR REPLACE FUNCTION revision_at(_time timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
  -- times of the log are whole milliseconds
  SELECT coalesce((SELECT e.revision FROM event_log e WHERE e.revision < first_revision_since(date_trunc('milliseconds', _time) + interval '1 millisecond')
    ORDER BY e.revision DESC LIMIT 1), 0)
$$;
