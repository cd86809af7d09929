-- Returns whether a step that was said to be running had begun more than a day before the service first heard of it, pauses
-- between the two left out. Then its start is in doubt.
CREATE OR REPLACE FUNCTION began_unheard(_start timestamptz, _told timestamptz, _paused_seconds numeric) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT _start + make_interval(secs => coalesce(_paused_seconds, 0)::double precision) < _told - interval '1 day'
$$;
