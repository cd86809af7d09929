-- Refuses a lid that is parked elsewhere than the request says. A request that does not say where, and a lid whose place
-- is not known, contradict nothing.
--
-- Raises: lid-mismatch, device-not-found, position-not-found
CREATE OR REPLACE FUNCTION refuse_lid_mismatch(_before jsonb, _device text, _slot integer, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF _device IS NULL THEN
    RETURN;
  ELSIF _slot IS NULL THEN
    PERFORM require_device(_device, _pointer || '/device');
  ELSE
    PERFORM require_position(_device, _slot, jsonb_build_object('device', _pointer || '/device', 'position', _pointer || '/position'));
  END IF;
  IF _before->'lid'->>'device' <> _device OR (_before->'lid'->>'position')::integer <> _slot THEN
    PERFORM refuse('lid-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _device, 'position', _slot), 'actual', _before->'lid',
      'container', jsonb_build_object('id', _before->'id', 'barcode', _before->'barcode'), 'pointer', _pointer));
  END IF;
END $$;
