-- Puts the lid back on a container. If the request says where the lid was, the lid must be there. Nothing is written
-- if the lid is on. Returns the snapshot of the container.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, device-not-found, position-not-found, lid-mismatch
CREATE OR REPLACE FUNCTION lid_container(_id uuid, _barcode text, _lid_device text, _lid_slot integer, _audit jsonb)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  closed uuid;
  before jsonb;
  after jsonb;
BEGIN
  PERFORM lock_lab();
  closed := require_present_container(_id, _barcode);
  before := container_snapshot(closed);
  IF (before->>'lidded')::boolean THEN
    RETURN before;
  END IF;
  -- The place in the request is checked only if the lid is not there.
  IF _lid_device IS NOT NULL AND (before->'lid'->>'device' IS DISTINCT FROM _lid_device
    OR (_lid_slot IS NOT NULL AND (before->'lid'->>'position')::integer IS DISTINCT FROM _lid_slot)) THEN
    IF _lid_slot IS NULL THEN
      PERFORM require_device(_lid_device, '/lid_device');
    ELSE
      PERFORM require_position(_lid_device, _lid_slot, '{"device": "/lid_device", "position": "/lid_pos"}');
    END IF;
  END IF;
  -- If the place of the lid is unknown, any place in the request is accepted.
  IF before->'lid'->>'device' <> _lid_device OR (before->'lid'->>'position')::integer <> _lid_slot THEN
    PERFORM refuse('lid-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _lid_device, 'position', _lid_slot),
      'actual', before->'lid',
      'container', jsonb_build_object('id', before->'id', 'barcode', before->'barcode')));
  END IF;
  DELETE FROM placement WHERE container_id = closed AND part = 'lid';
  after := before || update_lidded_and_version(closed, true) || '{"lid": null}';
  RETURN record_container_event(next_revision(), 0, 'lidded', closed, before, _audit, after);
END $$;
