-- Adds the containers that a stocktake saw and nobody knew. `_added` as plan_stocktake returns it. Events are numbered from
-- `_ordinal`.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION add_seen_containers(_added jsonb, _revision bigint, _ordinal integer, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO container (id, name, barcode, lidded, starting_position_id, created_at, updated_at)
  SELECT a.id, a.name, a.barcode, a.lidded, a.position_id, command_time(), command_time()
  FROM jsonb_to_recordset(_added) AS a (id uuid, name text, barcode text, lidded boolean, position_id uuid);
  PERFORM write_placement((a.value->>'id')::uuid, 'body', (a.value->>'position_id')::uuid) FROM jsonb_array_elements(_added) AS a;
  PERFORM record_container_event(_revision, (_ordinal + a.n - 1)::integer, 'added', (a.value->>'id')::uuid, NULL, _audit)
  FROM jsonb_array_elements(_added) WITH ORDINALITY AS a (value, n);
END $$;
