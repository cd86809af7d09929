-- Refuses a barcode that was read on the way and is not the one of the container. A container without a barcode may
-- get one that no other container has. A former label of the container is accepted; former_label_warning tells of it.
--
-- Raises: source-mismatch, barcode-in-use
CREATE OR REPLACE FUNCTION refuse_barcode_mismatch(_container uuid, _barcode text, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  known text;
BEGIN
  SELECT barcode INTO known FROM container WHERE id = _container;
  IF known IS NULL THEN
    PERFORM refuse_barcode_in_use(_barcode, _container, _pointer);
  ELSIF known <> _barcode AND NOT label_is_former(_container, _barcode) THEN
    PERFORM refuse_source_mismatch(_container, NULL, _barcode, _pointer);
  END IF;
END $$;
