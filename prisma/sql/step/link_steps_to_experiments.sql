-- Links steps to experiments that they named before the experiments existed. Returns how many steps were linked. Those
-- who log steps (record_logged_steps) and those who create an experiment call it twice: before the lab lock, for the
-- work, and under it, when the second one sees what the first one wrote, so that no step is missed.
--
-- Locks: The steps, in the order of their ids.
CREATE OR REPLACE FUNCTION link_steps_to_experiments(_experiments uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  adopted integer;
BEGIN
  IF _experiments IS NULL THEN
    RETURN 0;
  END IF;
  PERFORM 1 FROM step s WHERE s.experiment_named = ANY (_experiments::text[]) ORDER BY s.id FOR NO KEY UPDATE;
  UPDATE step s SET experiment_id = e.id, experiment_named = NULL, version = s.version + 1, updated_at = command_time(),
    warnings = jsonb_path_query_array(s.warnings, '$[*] ? (@.code != "unknown-experiment")')
  FROM experiment e WHERE e.id = ANY (_experiments) AND s.experiment_named = e.id::text;
  GET DIAGNOSTICS adopted = ROW_COUNT;
  RETURN adopted;
END $$;
