-- Finds the containers of steps: [{ id, start, containers: [{ named, id }] }]. A container that a step names twice
-- counts once, under the first name; `also_named` has the others. The id is null if the service does not know the
-- container.
CREATE OR REPLACE FUNCTION resolve_logged_containers(_steps jsonb)
RETURNS TABLE (step_id uuid, ordinal integer, named text, also_named text[], container_id uuid) LANGUAGE sql STABLE AS $$
  SELECT step_id, ordinal, named, names[2:], container_id
  FROM (
    SELECT s.id AS step_id, c.ordinality::integer - 1 AS ordinal, c.value->>'named' AS named, found.id AS container_id,
      row_number() OVER thing AS nth,
      array_agg(c.value->>'named') OVER (thing ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS names
    FROM jsonb_to_recordset(_steps) AS s (id uuid, start timestamptz, containers jsonb)
    CROSS JOIN LATERAL jsonb_array_elements(s.containers) WITH ORDINALITY AS c (value, ordinality)
    LEFT JOIN LATERAL resolve_logged_container((c.value->>'id')::uuid, c.value->>'named', s.start) AS found (id) ON true
    WINDOW thing AS (PARTITION BY s.id, coalesce(found.id::text, c.value->>'named') ORDER BY c.ordinality)
  ) every_name
  WHERE nth = 1
$$;
