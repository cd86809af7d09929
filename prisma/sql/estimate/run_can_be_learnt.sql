-- Says whether the learner may learn from a pending run now: it is over, and it does not wait after a failure.
CREATE OR REPLACE FUNCTION run_can_be_learnt(_run run) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(_run.retry_at <= now(), true) AND run_is_over(_run)
$$;
