-- Moves what is in a slot: the container, or the lid if only a lid is there. If the target disposes, it is disposed of. If a barcode is given, it must be the
-- one of the container, or a former label of it. `_id` is its id, if the request names it so. Returns the snapshot of the container.
--
-- Locks: The lab lock.
-- Raises: device-not-found, position-not-found, source-empty, source-mismatch, and what place_on_device raises.
CREATE OR REPLACE FUNCTION move_from_position(
  _source_device text, _source_slot integer, _target_device text, _target_slot integer, _id uuid, _barcode text, _audit jsonb, _reservation uuid
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  source uuid;
  what record;
  before jsonb;
BEGIN
  PERFORM lock_lab();
  source := require_position(_source_device, _source_slot, '{"device": "/source_device", "position": "/source_pos"}');
  SELECT pl.container_id, pl.part INTO what FROM placement pl WHERE pl.position_id = source;
  IF NOT FOUND THEN
    PERFORM refuse('source-empty', jsonb_build_object('device', _source_device, 'position', _source_slot, 'pointer', '/source_pos'));
  END IF;
  before := container_snapshot(what.container_id);
  IF _id <> what.container_id OR (_barcode IS NOT NULL AND before->>'barcode' IS DISTINCT FROM _barcode AND NOT label_is_former(what.container_id, _barcode)) THEN
    PERFORM refuse_source_mismatch(what.container_id, jsonb_build_object('device', _source_device, 'position', _source_slot),
      coalesce(_barcode, (SELECT c.barcode FROM container c WHERE c.id = _id), _id::text), '/barcode');
  END IF;
  IF place_on_device(what.container_id, what.part, _target_device, _target_slot,
    '{"device": "/target_device", "position": "/target_pos", "reservation": "/reservation_id"}', _reservation) IS NULL THEN
    RETURN dispose_part(what.container_id, what.part, lookup_waste(_target_device, _target_slot), next_revision(), 0, before, _audit);
  END IF;
  PERFORM bump_container_version(what.container_id);
  RETURN record_container_event(next_revision(), 0, CASE what.part WHEN 'body' THEN 'moved' ELSE 'unlidded' END,
    what.container_id, before, _audit);
END $$;
