-- Returns the container on the platform with this id or barcode. The caller gives one of the two. See
-- require_container, which accepts a removed container.
--
-- Raises: container-not-found, container-removed
CREATE OR REPLACE FUNCTION require_present_container(_id uuid, _barcode text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
  removed timestamptz;
BEGIN
  IF _id IS NULL THEN
    SELECT c.id INTO found_id FROM container c WHERE c.barcode = _barcode AND c.removed_at IS NULL;
  ELSE
    SELECT c.id, c.removed_at INTO found_id, removed FROM container c WHERE c.id = _id;
  END IF;
  IF found_id IS NULL THEN
    -- require_container raises the refusal
    PERFORM require_container(_id, _barcode);
  ELSIF removed IS NOT NULL THEN
    PERFORM refuse('container-removed', jsonb_build_object('container', found_id, 'removed_at', wire_time(removed)));
  END IF;
  RETURN found_id;
END $$;
