-- Makes containers as they were: on the platform, with their properties, places and lids. `_inputs` is [{ id, name,
-- barcode, labware_type, labware_uuid, content, filled, is_reagent, lidded, position_id, lid_position_id, missing_since,
-- last_position_id }]; a container without position_id is missing. The caller has
-- made sure that nothing else is in the slots and that no other container has the barcodes; otherwise the constraints
-- refuse it. Places and barcodes may have changed in a circle. Events are numbered from `_ordinal`.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION restore_containers(_inputs jsonb, _revision bigint, _ordinal integer, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  ids uuid[] := ARRAY(SELECT (i->>'id')::uuid FROM jsonb_array_elements(_inputs) i);
  before jsonb;
BEGIN
  SELECT coalesce(jsonb_object_agg(id, container_snapshot(id)), '{}') INTO before FROM unnest(ids) AS id;

  -- First everything leaves what it has, then everything takes what it had.
  DELETE FROM placement pl USING jsonb_to_recordset(_inputs) AS i (id uuid, position_id uuid, lid_position_id uuid)
  WHERE pl.container_id = i.id AND pl.position_id IS DISTINCT FROM CASE pl.part WHEN 'body' THEN i.position_id ELSE i.lid_position_id END;
  UPDATE container SET barcode = NULL WHERE id = ANY (ids) AND barcode IS NOT NULL;
  UPDATE container c SET name = i.name, barcode = i.barcode, labware_type = i.labware_type, labware_uuid = i.labware_uuid, content = i.content,
    filled = i.filled, is_reagent = i.is_reagent, lidded = i.lidded, removed_at = NULL,
    missing_since = CASE WHEN i.position_id IS NULL THEN i.missing_since END,
    last_position_id = CASE WHEN i.position_id IS NULL THEN i.last_position_id END, version = c.version + 1, updated_at = command_time()
  FROM jsonb_to_recordset(_inputs) AS i (id uuid, name text, barcode text, labware_type text, labware_uuid uuid, content text, filled boolean,
    is_reagent boolean, lidded boolean, position_id uuid, missing_since timestamptz, last_position_id uuid)
  WHERE c.id = i.id;
  INSERT INTO placement (position_id, container_id, part, since)
  SELECT part.position_id, i.id, part.name, command_time()
  FROM jsonb_to_recordset(_inputs) AS i (id uuid, position_id uuid, lid_position_id uuid)
  CROSS JOIN LATERAL (VALUES ('body', i.position_id), ('lid', i.lid_position_id)) AS part (name, position_id)
  WHERE part.position_id IS NOT NULL AND NOT EXISTS (SELECT FROM placement pl WHERE pl.container_id = i.id AND pl.part = part.name);

  PERFORM record_container_event(_revision, (_ordinal + t.n - 1)::integer, 'restored', t.id, before->t.id::text, _audit)
  FROM unnest(ids) WITH ORDINALITY AS t (id, n);
END $$;
