-- Returns whether a container had this barcode before and has another one, or none, now, and no container on the platform has
-- it. Then somebody who reads the barcode holds this container, with an old label.
CREATE OR REPLACE FUNCTION label_is_former(_container uuid, _barcode text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT EXISTS (SELECT FROM container c WHERE c.barcode = _barcode AND c.removed_at IS NULL)
    AND EXISTS (
      SELECT FROM label_event e WHERE e.barcode = _barcode AND e.container_id = _container)
$$;
