-- Returns the barcode of a container on the platform that differs from this one in case only, or null. Not with ORDER BY and LIMIT 1:
-- for these, PostgreSQL goes through all barcodes in their order, until the first that fits or the end.
CREATE OR REPLACE FUNCTION alike_barcode(_barcode text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT (array_agg(c.barcode ORDER BY c.barcode))[1] FROM container c
  WHERE c.removed_at IS NULL AND lower(c.barcode) = lower(_barcode) AND c.barcode <> _barcode
$$;
