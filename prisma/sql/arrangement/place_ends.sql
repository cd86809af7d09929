-- Writes the ends of an arrangement: every container leaves what it has, and then takes what it gets, so that places may
-- change in a circle. The caller has made sure that no slot gets two things; otherwise the primary key of `placement`
-- refuses it. `_ends` are container_end. Events are numbered from `_ordinal`. Returns how many there were.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION place_ends(_ends jsonb, _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
  written integer;
BEGIN
  SELECT coalesce(jsonb_object_agg(e.container_id, container_snapshot(e.container_id)), '{}') INTO before
  FROM jsonb_populate_recordset(NULL::container_end, _ends) e;

  DELETE FROM placement pl USING jsonb_populate_recordset(NULL::container_end, _ends) e
  WHERE pl.container_id = e.container_id AND pl.position_id IS DISTINCT FROM CASE pl.part WHEN 'body' THEN e.body_to ELSE e.lid_to END;
  UPDATE container c SET lidded = e.lidded_to,
    missing_since = CASE WHEN e.body_to IS NULL THEN coalesce(c.missing_since, command_time()) END,
    last_position_id = CASE WHEN e.body_to IS NULL THEN coalesce(c.last_position_id, e.body_from) END,
    version = c.version + 1, updated_at = command_time()
  FROM jsonb_populate_recordset(NULL::container_end, _ends) e WHERE c.id = e.container_id;
  WITH placed AS (
    INSERT INTO placement (position_id, container_id, part, since)
    SELECT part.position_id, e.container_id, part.name, command_time()
    FROM jsonb_populate_recordset(NULL::container_end, _ends) e
    CROSS JOIN LATERAL (VALUES ('body', e.body_from, e.body_to), ('lid', e.lid_from, e.lid_to)) AS part (name, was, position_id)
    WHERE part.position_id IS NOT NULL AND part.position_id IS DISTINCT FROM part.was
    RETURNING position_id
  )
  UPDATE position SET uses = uses + 1 WHERE id IN (SELECT position_id FROM placed);

  PERFORM record_container_event(_revision, (_ordinal + e.n - 1)::integer, end_kind(e.row), (e.row).container_id,
    before->(e.row).container_id::text, _audit)
  FROM (SELECT r AS row, row_number() OVER () AS n FROM jsonb_populate_recordset(NULL::container_end, _ends) r) e;
  GET DIAGNOSTICS written = ROW_COUNT;
  RETURN written;
END $$;
