-- Adds the containers that steps name and do not have yet: [{ id, start, containers }]. A name that a step has already is no further
-- container, even if it is the barcode of another one by now; nor is another name of a container that it has. Returns the warnings
-- about each step that got containers.
--
-- Locks: The caller has locked the steps.
CREATE OR REPLACE FUNCTION add_step_containers(_steps jsonb) RETURNS TABLE (step_id uuid, warnings jsonb) LANGUAGE sql AS $$
  WITH added AS (
    INSERT INTO step_container (step_id, ordinal, named, also_named, container_id)
    SELECT n.step_id,
      (SELECT coalesce(max(sc.ordinal), -1) FROM step_container sc WHERE sc.step_id = n.step_id)
        + row_number() OVER (PARTITION BY n.step_id ORDER BY n.ordinal),
      n.named, nullif(n.also_named, '{}'), n.container_id
    FROM resolve_logged_containers(_steps) n
    WHERE NOT EXISTS (
      SELECT FROM step_container sc
      WHERE sc.step_id = n.step_id
        AND ((sc.named || sc.also_named) && (n.named || n.also_named) OR sc.container_id = n.container_id OR sc.named = n.container_id::text))
    RETURNING step_id, ordinal, named, container_id
  )
  SELECT a.step_id, coalesce(jsonb_agg(unknown_container_warning(a.ordinal, a.named, a.container_id) ORDER BY a.ordinal)
    FILTER (WHERE a.container_id IS NULL), '[]')
  FROM added a GROUP BY a.step_id
$$;
