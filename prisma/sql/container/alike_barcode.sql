-- Returns the barcode of a container on the platform that differs from this one in case only, or null.
CREATE OR REPLACE FUNCTION alike_barcode(_barcode text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT c.barcode FROM container c
  WHERE c.removed_at IS NULL AND lower(c.barcode) = lower(_barcode) AND c.barcode <> _barcode ORDER BY c.barcode LIMIT 1
$$;
