-- Refuses because the container is not at the place that the request says, or because its barcode is not the one that
-- was read. `actual` is where the container is, or the one that has the barcode (or id) that was read: if that one is missing, since when,
-- and where it was last. `relabelled` says who had the barcode before.
--
-- Raises: source-mismatch, always.
CREATE OR REPLACE FUNCTION refuse_source_mismatch(_container uuid, _place jsonb, _barcode text, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  as_id uuid := CASE WHEN _barcode ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN _barcode::uuid END;
BEGIN
  PERFORM refuse('source-mismatch', (
    SELECT jsonb_build_object(
      'expected', jsonb_strip_nulls(jsonb_build_object('device', coalesce(_place->>'device', s.device),
        'position', coalesce((_place->>'position')::integer, s.position), 'barcode', _barcode)),
      'actual', CASE WHEN _barcode IS NULL THEN jsonb_build_object('device', s.device, 'position', s.position) ELSE (
        SELECT jsonb_build_object('device', named.snapshot->'device', 'position', named.snapshot->'position') || missing_members(named.snapshot)
        FROM (
          SELECT container_snapshot(c.id) AS snapshot FROM container c
          WHERE (c.barcode = _barcode OR c.id = as_id) AND c.removed_at IS NULL ORDER BY c.barcode = _barcode DESC NULLS LAST LIMIT 1) named) END,
      'container', jsonb_build_object('id', s.id, 'barcode', s.barcode), 'pointer', _pointer)
      || missing_members(container_snapshot(s.id)) || CASE WHEN _barcode IS NOT NULL THEN barcode_hints(_barcode) ELSE '{}' END
    FROM container_state s WHERE s.id = _container));
END $$;
