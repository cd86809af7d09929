-- Returns the container with this id, removed or not, or the container on the platform with this barcode. The caller
-- gives one of the two. See require_present_container, which also refuses a removed container.
--
-- Raises: container-not-found
CREATE OR REPLACE FUNCTION require_container(_id uuid, _barcode text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
BEGIN
  IF _id IS NOT NULL THEN
    SELECT c.id INTO found_id FROM container c WHERE c.id = _id;
  ELSE
    SELECT c.id INTO found_id FROM container c WHERE c.barcode = _barcode AND c.removed_at IS NULL;
  END IF;
  IF found_id IS NULL THEN
    PERFORM refuse('container-not-found', jsonb_build_object(
      'container', coalesce(_id::text, _barcode), 'parameter', 'container') || relabelled_member(_barcode));
  END IF;
  RETURN found_id;
END $$;
