-- Marks the runs of logged or changed steps as pending. The learner (src/estimation/learner.ts) learns from a run when
-- it is over. Writing a step reads no history.
--
-- Locks: The rows of runs that were not pending.
CREATE OR REPLACE FUNCTION mark_runs_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- A run that is pending already is not touched or locked, because many steps of a run are logged at the same time. A
  -- step that is logged while its run is being learnt may be missing in the result. This can affect only the last step
  -- of the run, because the next step marks the run again.
  INSERT INTO run (key, experiment_id, day)
  SELECT DISTINCT key, experiment_id, day
  FROM (
    SELECT coalesce('experiment ' || experiment_id, 'day ' || (start AT TIME ZONE 'UTC')::date) AS key, experiment_id,
      CASE WHEN experiment_id IS NULL THEN (start AT TIME ZONE 'UTC')::date END AS day
    FROM changed WHERE finish IS NOT NULL
  ) touched
  WHERE NOT EXISTS (SELECT FROM run known WHERE known.key = touched.key AND known.pending)
  ORDER BY key
  ON CONFLICT (key) DO UPDATE SET pending = true;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER step_marks_runs_when_logged AFTER INSERT ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();

CREATE OR REPLACE TRIGGER step_marks_runs_when_changed AFTER UPDATE ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();
