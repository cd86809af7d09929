-- Refuses because the container is not at the place that the request says, or because its barcode is not the one that
-- was read. `actual` is where the container is, or the one that has the barcode; `relabelled` says who had the barcode before.
--
-- Raises: source-mismatch, always.
CREATE OR REPLACE FUNCTION refuse_source_mismatch(_container uuid, _place jsonb, _barcode text, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM refuse('source-mismatch', (
    SELECT jsonb_build_object(
      'expected', jsonb_strip_nulls(jsonb_build_object('device', coalesce(_place->>'device', s.device),
        'position', coalesce((_place->>'position')::integer, s.position), 'barcode', _barcode)),
      'actual', CASE WHEN _barcode IS NULL THEN jsonb_build_object('device', s.device, 'position', s.position) ELSE (
        SELECT jsonb_build_object('device', o.device, 'position', o.position)
        FROM container_state o WHERE o.barcode = _barcode AND o.removed_at IS NULL) END,
      'container', jsonb_build_object('id', s.id, 'barcode', s.barcode), 'pointer', _pointer)
      || missing_members(container_snapshot(s.id)) || CASE WHEN _barcode IS NOT NULL THEN barcode_hints(_barcode) ELSE '{}' END
    FROM container_state s WHERE s.id = _container));
END $$;
