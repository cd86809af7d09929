-- Returns when the last step of a run began, of those whose times can be true. It reads the end of an index.
CREATE OR REPLACE FUNCTION run_last_start(_run run) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN _run.experiment_id IS NOT NULL
    THEN (SELECT start FROM step WHERE experiment_id = _run.experiment_id AND believable ORDER BY start DESC LIMIT 1)
    ELSE (SELECT start FROM step WHERE experiment_id IS NULL AND believable AND start >= _run.day::timestamp AT TIME ZONE 'UTC'
            AND start < (_run.day + 1)::timestamp AT TIME ZONE 'UTC' ORDER BY start DESC LIMIT 1) END
$$;
