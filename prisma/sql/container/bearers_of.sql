-- Returns the containers that a barcode means: the one on the platform that has it; otherwise all that had it, whether they were
-- removed or have another barcode, or none, now.
CREATE OR REPLACE FUNCTION bearers_of(_barcode text) RETURNS SETOF uuid LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
  RETURN QUERY SELECT c.id FROM container c WHERE c.barcode = _barcode AND c.removed_at IS NULL;
  IF FOUND THEN
    RETURN;
  END IF;
  RETURN QUERY
  SELECT c.id FROM container c WHERE c.barcode = _barcode
  UNION
  SELECT e.container_id FROM label_event e WHERE e.barcode = _barcode;
END $$;
