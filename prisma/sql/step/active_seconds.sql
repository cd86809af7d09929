-- Returns a duration without the pauses in it; null without a duration. As decimal numbers, since 600.005 - 600 is not 0.005 in
-- floating point.
CREATE OR REPLACE FUNCTION active_seconds(_duration_seconds double precision, _paused_seconds double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN _paused_seconds IS NULL THEN _duration_seconds ELSE round(_duration_seconds::numeric - _paused_seconds::numeric, 3)::double precision END
$$;
