-- Marks runs as pending, as mark_runs does, and holds them so until the end of the transaction. For commands that write steps under the
-- lab lock: they call it before they take that lock. Then the trigger of the steps finds the runs marked, and waits for nobody.
--
-- Locks: The locks of the runs, shared (see run_lock), then what mark_runs locks.
CREATE OR REPLACE FUNCTION mark_and_hold_runs(_experiments uuid[], _days date[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(run.lock)
  FROM (
    SELECT run_lock('experiment ' || e.id) AS lock FROM unnest(_experiments) AS e (id)
    UNION SELECT run_lock('day ' || d.day) FROM unnest(_days) AS d (day)
  ) run WHERE run.lock IS NOT NULL;
  PERFORM mark_runs(_experiments, _days);
END $$;
