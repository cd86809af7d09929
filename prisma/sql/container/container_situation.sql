-- Returns the place, lid and barcode of a container as its history shows them, from a snapshot.
CREATE OR REPLACE FUNCTION container_situation(_snapshot jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN _snapshot IS NOT NULL THEN jsonb_build_object('device', _snapshot->'device', 'position', _snapshot->'position',
    'lidded', _snapshot->'lidded', 'lid', _snapshot->'lid', 'barcode', _snapshot->'barcode', 'missing_since', _snapshot->'missing_since') END
$$;
