-- Links steps to experiments that they named before the experiments existed. Returns how many steps were linked. With `_steps`, only these.
-- Who logs steps links their own. Who creates an experiment links all that name it, twice: before the lab lock, for the work, and
-- under it, when what others logged meanwhile is seen, so that no step is missed.
--
-- Locks: The steps, in the order of their ids. Those of `_steps` are the caller's own.
CREATE OR REPLACE FUNCTION link_steps_to_experiments(_experiments uuid[], _steps uuid[] DEFAULT NULL) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  adopted integer;
BEGIN
  IF _experiments IS NULL THEN
    RETURN 0;
  END IF;
  IF _steps IS NULL THEN
    PERFORM 1 FROM step s WHERE s.experiment_named = ANY (_experiments::text[]) ORDER BY s.id FOR NO KEY UPDATE;
  END IF;
  UPDATE step s SET experiment_id = e.id, experiment_named = NULL, version = s.version + 1, updated_at = command_time(),
    warnings = jsonb_path_query_array(s.warnings, '$[*] ? (@.code != "unknown-experiment")')
  FROM experiment e WHERE e.id = ANY (_experiments) AND s.experiment_named = e.id::text AND (_steps IS NULL OR s.id = ANY (_steps));
  GET DIAGNOSTICS adopted = ROW_COUNT;
  RETURN adopted;
END $$;
