-- Gives containers their labels, all at once, so that two can be swapped: [{ id, barcode }]. A name that was made from the
-- former label follows it. The caller has made sure that no two containers get one label; otherwise the constraints refuse
-- it. Events are numbered from `_ordinal`. Returns how many there were.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION write_labels(_labels jsonb, _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
  written integer;
BEGIN
  SELECT coalesce(jsonb_object_agg(l.id, container_snapshot(l.id)), '{}') INTO before FROM jsonb_to_recordset(_labels) AS l (id uuid);
  UPDATE container SET barcode = NULL WHERE id IN (SELECT l.id FROM jsonb_to_recordset(_labels) AS l (id uuid)) AND barcode IS NOT NULL;
  UPDATE container c SET barcode = l.barcode, name = relabelled_name(c.name, before->l.id::text->>'barcode', l.barcode),
    version = c.version + 1, updated_at = command_time()
  FROM jsonb_to_recordset(_labels) AS l (id uuid, barcode text) WHERE c.id = l.id;
  PERFORM record_container_event(_revision, (_ordinal + l.n - 1)::integer, 'barcode-set', (l.value->>'id')::uuid, before->(l.value->>'id'), _audit)
  FROM jsonb_array_elements(_labels) WITH ORDINALITY AS l (value, n);
  GET DIAGNOSTICS written = ROW_COUNT;
  RETURN written;
END $$;
