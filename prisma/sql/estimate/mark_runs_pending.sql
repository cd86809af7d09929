-- Marks the runs of logged or changed steps as pending. Writing a step reads no history.
--
-- A step that is logged while its run is being learnt may be missing in the result. This can affect only the last step of the run,
-- because the next step marks the run again.
--
-- Locks: What mark_runs locks.
CREATE OR REPLACE FUNCTION mark_runs_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM mark_runs(array_agg(DISTINCT experiment_id) FILTER (WHERE experiment_id IS NOT NULL),
    array_agg(DISTINCT (start AT TIME ZONE 'UTC')::date) FILTER (WHERE experiment_id IS NULL))
  FROM changed WHERE finish IS NOT NULL;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER step_marks_runs_when_logged AFTER INSERT ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();

CREATE OR REPLACE TRIGGER step_marks_runs_when_changed AFTER UPDATE ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();
