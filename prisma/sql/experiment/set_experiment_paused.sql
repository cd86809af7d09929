-- Pauses an experiment that runs, or resumes one that is paused or lost. Its steps go on. What is so already is returned unchanged. A dry
-- run returns the experiment as it would be, and is undone.
--
-- Locks: The experiment, then the lab.
-- Raises: experiment-not-found, illegal-transition
CREATE OR REPLACE FUNCTION set_experiment_paused(_id uuid, _paused boolean, _at timestamptz, _dry_run boolean, _audit jsonb) RETURNS SETOF experiment_state
LANGUAGE plpgsql AS $$
DECLARE
  wanted text := CASE WHEN _paused THEN 'paused' ELSE 'running' END;
  present text;
  outcome experiment_state;
BEGIN
  SELECT e.status INTO present FROM experiment e WHERE e.id = _id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('experiment-not-found', '{"parameter": "id"}');
  ELSIF present NOT IN ('running', 'paused') AND (present <> 'lost' OR _paused) THEN
    PERFORM refuse('illegal-transition', jsonb_build_object('from', present, 'to', wanted,
      'allowed', CASE present WHEN 'created' THEN '["running", "aborted"]'::jsonb WHEN 'lost' THEN '["running", "completed", "aborted"]' ELSE '[]' END));
  END IF;
  BEGIN
    SELECT * INTO outcome FROM update_experiment(_id, jsonb_build_object('status', wanted), _audit, _at);
    IF _dry_run THEN
      RAISE EXCEPTION USING ERRCODE = 'PS204', MESSAGE = 'a dry run is undone';
    END IF;
  EXCEPTION WHEN SQLSTATE 'PS204' THEN
    NULL;
  END;
  RETURN NEXT outcome;
END $$;
