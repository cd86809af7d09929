-- Completes running experiments of which nothing was logged since `_before`: orchestrators do not say that an
-- experiment has ended. Returns how many.
--
-- Locks: The experiments, in the order of their ids, then the lab lock.
CREATE OR REPLACE FUNCTION complete_quiet_experiments(_experiments uuid[], _before timestamptz, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  running uuid[];
  quiet uuid;
  completed integer := 0;
BEGIN
  -- All before the first one takes the lab lock.
  SELECT array_agg(e.id) INTO running
  FROM (SELECT id FROM experiment WHERE id = ANY (_experiments) AND status = 'running' ORDER BY id FOR NO KEY UPDATE) e;
  FOREACH quiet IN ARRAY coalesce(running, '{}') LOOP
    CONTINUE WHEN EXISTS (SELECT FROM step WHERE experiment_id = quiet AND (finish IS NULL OR (believable AND finish >= _before)));
    PERFORM update_experiment(quiet, '{"status": "completed"}', _audit);
    completed := completed + 1;
  END LOOP;
  RETURN completed;
END $$;
