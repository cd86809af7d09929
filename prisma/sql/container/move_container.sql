-- Moves a container. If a source is given, the container must be there. Without one, a missing container is found. Without a
-- target slot the container goes to the lowest free one. If the target disposes, the container is off the platform. Returns
-- the snapshot before the move with what the move changed, so that nothing is read
-- twice.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, source-mismatch, and what place_on_device raises.
CREATE OR REPLACE FUNCTION move_container(
  _id uuid, _barcode text, _source_device text, _source_slot integer, _target_device text, _target_slot integer, _audit jsonb, _reservation uuid
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  -- This also takes the lab lock. A move always changes something; a refusal rolls the revision back.
  this_revision bigint := next_revision();
  moved uuid := require_present_container(_id, _barcode);
  before jsonb := container_snapshot(moved);
  after jsonb;
  target uuid;
BEGIN
  IF (_source_device IS NOT NULL AND before->>'device' IS DISTINCT FROM _source_device)
    OR (_source_slot IS NOT NULL AND (before->>'position')::integer IS DISTINCT FROM _source_slot) THEN
    IF _source_slot IS NULL THEN
      PERFORM require_device(_source_device, '/source_device');
    ELSIF _source_device IS NOT NULL THEN
      PERFORM require_position(_source_device, _source_slot, '{"device": "/source_device", "position": "/source_pos"}');
    END IF;
    PERFORM refuse('source-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _source_device, 'position', _source_slot),
      'actual', jsonb_build_object('device', before->'device', 'position', before->'position'),
      'container', jsonb_build_object('id', before->'id', 'barcode', before->'barcode')) || missing_members(before));
  END IF;
  target := place_on_device(moved, 'body', _target_device, _target_slot,
    '{"device": "/target_device", "position": "/target_pos", "reservation": "/reservation_id"}', _reservation);
  IF target IS NULL THEN
    RETURN dispose_part(moved, 'body', lookup_waste(_target_device, _target_slot), this_revision, 0, before, _audit);
  END IF;
  IF _target_slot IS NULL THEN
    SELECT p.slot_number INTO _target_slot FROM position p WHERE p.id = target;
  END IF;
  after := before || update_lidded_and_version(moved) || jsonb_build_object('device', _target_device, 'position', _target_slot,
    'missing_since', NULL, 'last_device', NULL, 'last_position', NULL);
  RETURN record_container_event(this_revision, 0, moved_kind(before), moved, before, _audit, after);
END $$;
