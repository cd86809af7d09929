-- Marks the runs of steps as pending: of steps that are logged, and of those in which something changes that estimates use. Writing a step
-- reads no history. A step that comes at the moment in which its run is learnt can be missing there until the next one marks the run.
--
-- Locks: What mark_runs locks.
CREATE OR REPLACE FUNCTION mark_runs_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM mark_runs(array_agg(DISTINCT experiment_id) FILTER (WHERE experiment_id IS NOT NULL),
      array_agg(DISTINCT (start AT TIME ZONE 'UTC')::date) FILTER (WHERE experiment_id IS NULL))
    FROM changed WHERE finish IS NOT NULL;
  ELSE
    PERFORM mark_runs(array_agg(DISTINCT c.experiment_id) FILTER (WHERE c.experiment_id IS NOT NULL),
      array_agg(DISTINCT (c.start AT TIME ZONE 'UTC')::date) FILTER (WHERE c.experiment_id IS NULL))
    -- Not a join: its plan is kept from a change of one step, and would compare each row with each.
    FROM (SELECT id, experiment_id, device_id, start, finish, is_sample, sample_seconds, believable, match_function, match_parameters, match_protocol FROM changed
      EXCEPT SELECT id, experiment_id, device_id, start, finish, is_sample, sample_seconds, believable, match_function, match_parameters, match_protocol FROM before) c WHERE c.finish IS NOT NULL;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER step_marks_runs_when_logged AFTER INSERT ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();

CREATE OR REPLACE TRIGGER step_marks_runs_when_changed AFTER UPDATE ON step
  REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();
