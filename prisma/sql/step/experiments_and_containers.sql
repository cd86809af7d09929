-- Returns the experiments and the containers of some steps: what the event that logs them at once concerns.
CREATE OR REPLACE FUNCTION experiments_and_containers(_steps uuid[]) RETURNS uuid[] LANGUAGE sql STABLE AS $$
  SELECT array_agg(c.id) FROM (
    SELECT sc.container_id FROM container_of_step sc WHERE sc.step_id = ANY (_steps)
    UNION SELECT s.experiment_id FROM step s WHERE s.id = ANY (_steps)
    UNION SELECT unnest(unknown_experiment(s.experiment_named)) FROM step s WHERE s.id = ANY (_steps)
  ) c (id) WHERE c.id IS NOT NULL
$$;
