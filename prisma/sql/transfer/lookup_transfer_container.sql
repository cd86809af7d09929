-- Returns the container with the id that a transfer names, or the container on the platform with the barcode that it
-- names, or null. It refuses nothing; require_transfer_container does.
CREATE OR REPLACE FUNCTION lookup_transfer_container(_input jsonb) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF _input->>'id' IS NOT NULL THEN
    RETURN (SELECT id FROM container WHERE id = (_input->>'id')::uuid);
  ELSIF _input->>'named' IS NOT NULL THEN
    RETURN (SELECT id FROM container WHERE barcode = _input->>'named' AND removed_at IS NULL);
  END IF;
  RETURN NULL;
END $$;
