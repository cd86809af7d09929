-- Sets experiments from `created` to `running`, because an experiment runs from its first step on. Returns { id:
-- snapshot before } of the changed ones.
--
-- Locks: Those experiments, in the order of their ids.
CREATE OR REPLACE FUNCTION start_experiments(_experiments uuid[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
BEGIN
  IF cardinality(_experiments) = 0 THEN
    RETURN '{}';
  END IF;
  SELECT jsonb_object_agg(e.id, experiment_snapshot(e.id)) INTO before
  FROM (SELECT id FROM experiment WHERE id = ANY (_experiments) AND status = 'created' ORDER BY id FOR NO KEY UPDATE) e;
  IF before IS NOT NULL THEN
    UPDATE experiment SET status = 'running', version = version + 1, updated_at = command_time()
    WHERE id IN (SELECT key::uuid FROM jsonb_object_keys(before) AS key);
  END IF;
  RETURN coalesce(before, '{}');
END $$;
