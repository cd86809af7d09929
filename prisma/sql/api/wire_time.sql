-- Returns a time as the API writes it: UTC, with milliseconds and a Z. It is STABLE, because to_char is STABLE:
-- PostgreSQL never inlines an IMMUTABLE function that calls a STABLE one.
CREATE OR REPLACE FUNCTION wire_time(_at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT to_char(_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;
