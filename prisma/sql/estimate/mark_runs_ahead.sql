-- Marks the runs of steps that will be logged as pending, as mark_runs_pending does when they are. A command that logs steps under the lab lock calls
-- it before it takes the lock. The step log has the same order: it marks the run first, and takes the lab lock last. With another order the two commands
-- deadlock at the first step of a run.
--
-- Locks: The rows of runs that were not pending.
CREATE OR REPLACE FUNCTION mark_runs_ahead(_steps jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO run (key, experiment_id, day)
  SELECT DISTINCT key, experiment_id, day
  FROM (
    SELECT coalesce('experiment ' || e.id, 'day ' || (a.start AT TIME ZONE 'UTC')::date) AS key, e.id AS experiment_id,
      CASE WHEN e.id IS NULL THEN (a.start AT TIME ZONE 'UTC')::date END AS day
    FROM jsonb_to_recordset(_steps) AS a (id uuid, experiment_uuid uuid, start timestamptz, finish timestamptz)
    LEFT JOIN experiment e ON e.id = a.experiment_uuid
    WHERE a.finish IS NOT NULL AND a.start IS NOT NULL AND NOT EXISTS (SELECT FROM step known WHERE known.id = a.id AND known.finish IS NOT NULL)
  ) touched
  WHERE NOT EXISTS (SELECT FROM run known WHERE known.key = touched.key AND known.pending)
  ORDER BY key
  ON CONFLICT (key) DO UPDATE SET pending = true
$$;
