-- Says whether a run is over: its experiment has ended, or no step began for half an hour. Orchestrators rarely say
-- that an experiment has ended.
CREATE OR REPLACE FUNCTION run_is_over(_run run) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT status IN ('completed', 'aborted') FROM experiment WHERE id = _run.experiment_id), false)
    OR coalesce(run_last_start(_run) < now() - interval '30 minutes', true)
$$;
