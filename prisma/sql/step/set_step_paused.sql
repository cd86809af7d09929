-- Pauses a step that runs, or resumes one that is paused. What is so already is returned unchanged. A dry run returns the step as it
-- would be, and is undone.
--
-- Locks: The step, then the lab.
-- Raises: step-not-found, illegal-transition
CREATE OR REPLACE FUNCTION set_step_paused(_id uuid, _paused boolean, _at timestamptz, _dry_run boolean, _audit jsonb) RETURNS SETOF step_state
LANGUAGE plpgsql AS $$
DECLARE
  wanted text := CASE WHEN _paused THEN 'paused' ELSE 'running' END;
  locked step;
  before jsonb;
  more_warnings jsonb;
  outcome step_state;
BEGIN
  SELECT * INTO locked FROM step s WHERE s.id = _id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('step-not-found', '{"parameter": "id"}');
  ELSIF locked.status NOT IN ('running', 'paused') THEN
    PERFORM refuse('illegal-transition', jsonb_build_object('from', locked.status, 'to', wanted,
      'allowed', CASE WHEN locked.status = 'lost' THEN '["completed", "failed", "aborted"]'::jsonb ELSE '[]' END));
  ELSIF locked.status = wanted THEN
    RETURN QUERY SELECT * FROM step_state s WHERE s.id = _id;
    RETURN;
  END IF;
  BEGIN
    PERFORM begin_command();
    before := step_snapshot(_id);
    more_warnings := CASE WHEN _paused THEN begin_pause('step', _id, _at, NULL) ELSE end_pause('step', _id, _at, NULL) END;
    UPDATE step s SET warnings = s.warnings || more_warnings, version = s.version + 1, updated_at = command_time() WHERE s.id = _id;
    PERFORM record_step_event(next_revision(), CASE WHEN _paused THEN 'step-paused' ELSE 'step-resumed' END, _id, before, _audit);
    SELECT * INTO outcome FROM step_state s WHERE s.id = _id;
    IF _dry_run THEN
      RAISE EXCEPTION USING ERRCODE = 'PS204', MESSAGE = 'a dry run is undone';
    END IF;
  EXCEPTION WHEN SQLSTATE 'PS204' THEN
    NULL;
  END;
  RETURN NEXT outcome;
END $$;
