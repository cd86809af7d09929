-- Locks what logging `_steps` will change, before the lab: the known steps, then the runs, then the experiments that start. A command that
-- logs steps under the lab lock calls it before it takes that lock, and logging several steps begins with it. So all commands have one
-- order of locks. With another order they deadlock, and PostgreSQL ends a deadlock only after a second.
--
-- Locks: The steps and the experiments, in the order of their ids; what mark_and_hold_runs locks.
CREATE OR REPLACE FUNCTION lock_for_steps(_steps jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  experiments uuid[];
  days date[];
  named uuid[];
BEGIN
  PERFORM 1 FROM step WHERE id IN (SELECT s.id FROM jsonb_to_recordset(_steps) AS s (id uuid)) ORDER BY id FOR NO KEY UPDATE;
  -- A step that was told before keeps its experiment and its start. One that is repeated as it was changes nothing, so it marks nothing.
  SELECT array_agg(DISTINCT s.experiment_id) FILTER (WHERE s.marks AND s.experiment_id IS NOT NULL),
    array_agg(DISTINCT s.day) FILTER (WHERE s.marks AND s.experiment_id IS NULL),
    array_agg(s.named) FILTER (WHERE s.named IS NOT NULL)
  INTO experiments, days, named
  FROM (
    SELECT CASE WHEN known.id IS NULL THEN e.id ELSE known.experiment_id END AS experiment_id, (coalesce(known.start, a.start) AT TIME ZONE 'UTC')::date AS day,
      coalesce(known.finish, a.finish) IS NOT NULL AND coalesce(a.created_as NOT IN (known.created_as, coalesce(known.ended_as, '')), true) AS marks,
      a.experiment_uuid AS named
    FROM jsonb_to_recordset(_steps) AS a (id uuid, experiment_uuid uuid, start timestamptz, finish timestamptz, created_as text)
    LEFT JOIN step known ON known.id = a.id
    LEFT JOIN experiment e ON e.id = a.experiment_uuid
  ) s;
  IF experiments IS NOT NULL OR days IS NOT NULL THEN
    PERFORM mark_and_hold_runs(experiments, days);
  END IF;
  IF experiments IS NOT NULL OR named IS NOT NULL THEN
    PERFORM 1 FROM experiment WHERE id = ANY (experiments || named) AND status = 'created' ORDER BY id FOR NO KEY UPDATE;
  END IF;
END $$;
