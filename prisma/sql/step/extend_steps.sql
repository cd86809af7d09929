-- Handles steps that were logged before. Equal facts are a repetition, which may name more containers. Returns the
-- ids of the steps that got containers. A name that the step has already is no further container, even if it is the
-- barcode of another one by now. Each step has its `index` in the request.
--
-- Locks: The steps, in the order of their ids.
-- Raises: id-in-use
CREATE OR REPLACE FUNCTION extend_steps(_steps jsonb, _batch boolean) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
  clash record;
  extended uuid[];
BEGIN
  PERFORM 1 FROM step WHERE id IN (SELECT s.id FROM jsonb_to_recordset(_steps) AS s (id uuid)) ORDER BY id FOR NO KEY UPDATE;
  SELECT s.id, s.index INTO clash
  FROM jsonb_to_recordset(_steps) AS s (id uuid, index integer, created_as text) JOIN step known ON known.id = s.id
  WHERE known.created_as <> s.created_as ORDER BY s.index LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('id-in-use', CASE WHEN _batch
      THEN jsonb_build_object('id', clash.id, 'index', clash.index, 'pointer', '/steps/' || clash.index || '/id')
      ELSE jsonb_build_object('id', clash.id, 'pointer', '/id') END);
  END IF;

  WITH added AS (
    INSERT INTO step_container (step_id, ordinal, named, also_named, container_id)
    SELECT n.step_id,
      (SELECT coalesce(max(sc.ordinal), -1) FROM step_container sc WHERE sc.step_id = n.step_id)
        + row_number() OVER (PARTITION BY n.step_id ORDER BY n.ordinal),
      n.named, n.also_named, n.container_id
    FROM resolve_logged_containers(_steps) n
    WHERE NOT EXISTS (
      SELECT FROM step_container sc
      WHERE sc.step_id = n.step_id AND ((sc.named || sc.also_named) && (n.named || n.also_named) OR sc.container_id = n.container_id))
    RETURNING step_id, ordinal, named, container_id
  ),
  touched AS (
    UPDATE step s SET warnings = s.warnings || a.warnings, version = s.version + 1, updated_at = command_time()
    FROM (
      SELECT step_id, coalesce(jsonb_agg(unknown_container_warning(ordinal, named, container_id) ORDER BY ordinal)
        FILTER (WHERE container_id IS NULL), '[]') AS warnings
      FROM added GROUP BY step_id
    ) a
    WHERE s.id = a.step_id RETURNING s.id
  )
  SELECT coalesce(array_agg(id), '{}') INTO extended FROM touched;
  RETURN extended;
END $$;
