-- Returns the seconds of the pauses of an experiment that are over. They count from its first start, and of an experiment that has ended
-- up to its last finish, as its active time does.
CREATE OR REPLACE FUNCTION experiment_paused_seconds(_experiment uuid, _status text, _first_start timestamptz, _last_finish timestamptz) RETURNS double precision
LANGUAGE sql STABLE AS $$
  SELECT coalesce(paused_seconds('experiment', _experiment, _first_start, CASE WHEN _status IN ('completed', 'aborted') THEN _last_finish END), 0)::double precision
$$;
