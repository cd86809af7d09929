-- Finds the container that a step log means by an id, or by a barcode at a time. For a barcode it prefers the
-- container that had it at that time, then the one on the platform, then the next one that had it. Returns no row if
-- there is none.
CREATE OR REPLACE FUNCTION resolve_logged_container(_id uuid, _barcode text, _at timestamptz) RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 1 AS $$
  (SELECT c.id FROM container c WHERE c.id = _id)
  UNION ALL
  (SELECT c.id FROM container c
   WHERE _id IS NULL AND c.barcode = _barcode AND (c.removed_at IS NULL OR c.removed_at >= _at)
   ORDER BY c.created_at <= _at DESC, c.removed_at DESC NULLS FIRST LIMIT 1)
$$;
