-- Moves the container that stands in the row of a step to step_container, because the step gets more of them.
--
-- Locks: The caller has locked the steps.
CREATE OR REPLACE FUNCTION move_to_step_container(_steps uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb := (
    SELECT jsonb_agg(jsonb_build_object('step_id', s.id, 'ordinal', 0, 'named', s.container_named, 'container_id', s.container_id))
    FROM step s WHERE s.id = ANY (_steps) AND s.container_named IS NOT NULL);
BEGIN
  IF moved IS NULL THEN
    RETURN;
  END IF;
  UPDATE step s SET container_named = NULL, container_id = NULL FROM jsonb_to_recordset(moved) AS m (step_id uuid) WHERE s.id = m.step_id;
  INSERT INTO step_container (step_id, ordinal, named, container_id)
  SELECT m.* FROM jsonb_to_recordset(moved) AS m (step_id uuid, ordinal integer, named text, container_id uuid);
END $$;
