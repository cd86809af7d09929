-- Says whether a run is over: its experiment has ended, or no step began for half an hour, in which it was not paused.
-- Orchestrators rarely say that an experiment has ended.
CREATE OR REPLACE FUNCTION run_is_over(_run run) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT status IN ('completed', 'aborted') FROM experiment WHERE id = _run.experiment_id), false)
    OR (coalesce((SELECT status <> 'paused' FROM experiment WHERE id = _run.experiment_id), true)
      AND coalesce(greatest(run_last_start(_run), (
        SELECT max(p.resumed_at) FROM pause p WHERE p.subject_id = _run.experiment_id AND p.subject = 'experiment' AND p.resumed_at <= now())
      ) < now() - interval '30 minutes', true))
$$;
