-- Adds the containers that steps name and do not have yet: [{ id, start, containers }]. A name that a step has already is no further
-- container, even if it is the barcode of another one by now; nor is another name of a container that it has. Returns the warnings
-- about each step that got containers, as [{ step_id, warnings }], or null if none did.
--
-- Locks: The caller has locked the steps.
CREATE OR REPLACE FUNCTION add_step_containers(_steps jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  added jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('step_id', n.step_id, 'named', n.named, 'also_named', nullif(n.also_named, '{}'), 'container_id', n.container_id,
    'ordinal', (SELECT coalesce(max(sc.ordinal), -1) FROM container_of_step sc WHERE sc.step_id = n.step_id) + n.nth)) INTO added
  FROM (
    SELECT r.*, row_number() OVER (PARTITION BY r.step_id ORDER BY r.ordinal) AS nth
    FROM resolve_logged_containers(_steps) r
    -- OFFSET 0: otherwise the containers of all steps would be read for it.
    WHERE NOT EXISTS (
      SELECT FROM container_of_step sc
      WHERE sc.step_id = r.step_id
        AND ((sc.named || sc.also_named) && (r.named || r.also_named) OR sc.container_id = r.container_id OR sc.named = r.container_id::text) OFFSET 0)
  ) n;
  IF added IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM move_to_step_container(ARRAY(SELECT DISTINCT (a->>'step_id')::uuid FROM jsonb_array_elements(added) a));
  INSERT INTO step_container (step_id, ordinal, named, also_named, container_id)
  SELECT a.* FROM jsonb_to_recordset(added) AS a (step_id uuid, ordinal integer, named text, also_named text[], container_id uuid);
  RETURN (
    SELECT jsonb_agg(w) FROM (
      SELECT a.step_id, coalesce(jsonb_agg(unknown_container_warning(a.ordinal, a.named, a.container_id) ORDER BY a.ordinal) FILTER (WHERE a.container_id IS NULL), '[]') AS warnings
      FROM jsonb_to_recordset(added) AS a (step_id uuid, ordinal integer, named text, container_id uuid) GROUP BY a.step_id) w);
END $$;
