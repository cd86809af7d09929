-- Marks runs as pending: those of experiments, and those of days of steps without experiment. The learner (src/estimation/learner.ts)
-- learns from a pending run when it is over. It looks first, because an insert of no rows takes almost as long as one of one row, and
-- most runs are pending already.
--
-- Locks: The rows of runs that were not pending, in the order of their keys. A run that is pending already is not touched or locked,
-- because many steps of a run are logged at the same time.
CREATE OR REPLACE FUNCTION mark_runs(_experiments uuid[], _days date[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  keys text[];
BEGIN
  keys := ARRAY(
    SELECT marked.key
    FROM (SELECT 'experiment ' || e.id FROM unnest(_experiments) AS e (id) UNION ALL SELECT 'day ' || d.day FROM unnest(_days) AS d (day)) marked (key)
    WHERE (SELECT known.pending FROM run known WHERE known.key = marked.key) IS NOT TRUE AND marked.key IS NOT NULL);
  IF keys = '{}' THEN
    RETURN;
  END IF;
  INSERT INTO run (key, experiment_id, day)
  SELECT marked.key, marked.experiment_id, marked.day
  FROM (
    SELECT DISTINCT 'experiment ' || experiment_id AS key, experiment_id, NULL::date AS day FROM unnest(_experiments) AS e (experiment_id)
    UNION ALL
    SELECT DISTINCT 'day ' || day, NULL::uuid, day FROM unnest(_days) AS d (day)
  ) marked
  WHERE marked.key = ANY (keys)
  ORDER BY marked.key
  ON CONFLICT (key) DO UPDATE SET pending = true;
END $$;
