-- Returns the removed containers that had this barcode to the end: [{ id, removed_at }], the latest first, or null. A refusal of the
-- barcode shows them beside former_bearers.
CREATE OR REPLACE FUNCTION removed_bearers(_barcode text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(jsonb_build_object('id', r.id, 'removed_at', wire_time(r.removed_at)) ORDER BY r.removed_at DESC, r.id)
  FROM (SELECT c.id, c.removed_at FROM container c WHERE c.barcode = _barcode AND c.removed_at IS NOT NULL ORDER BY c.removed_at DESC, c.id LIMIT 20) r
$$;
