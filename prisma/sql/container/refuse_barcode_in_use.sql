-- Refuses a barcode that another container on the platform has. The problem says where that one is, or where it was last
-- if it is missing.
--
-- Raises: barcode-in-use
CREATE OR REPLACE FUNCTION refuse_barcode_in_use(_barcode text, _container uuid, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  holder jsonb;
BEGIN
  SELECT jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name, 'device', s.device, 'position', s.position)
    || missing_members(container_snapshot(s.id)) INTO holder
  FROM container_state s WHERE s.barcode = _barcode AND s.removed_at IS NULL AND s.id <> _container;
  IF FOUND THEN
    PERFORM refuse('barcode-in-use', jsonb_build_object('barcode', _barcode, 'pointer', _pointer, 'holder', holder));
  END IF;
END $$;
