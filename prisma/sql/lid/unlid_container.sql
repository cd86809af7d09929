-- Takes the lid off a container and parks it in a slot. If the lid is off already, it is moved to that slot. Nothing
-- is written if the lid is there. If the slot disposes, the container has no lid any longer. Returns the snapshot
-- of the container.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, and what place_on_device raises.
CREATE OR REPLACE FUNCTION unlid_container(_id uuid, _barcode text, _lid_device text, _lid_slot integer, _audit jsonb, _reservation uuid)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  opened uuid;
  before jsonb;
  after jsonb;
  target uuid;
  waste jsonb;
BEGIN
  PERFORM lock_lab();
  opened := require_present_container(_id, _barcode);
  before := container_snapshot(opened);
  IF before->'lid'->>'device' = _lid_device AND (before->'lid'->>'position')::integer = coalesce(_lid_slot, (before->'lid'->>'position')::integer) THEN
    RETURN before;
  END IF;
  IF _reservation IS NULL THEN
    waste := lookup_waste(_lid_device, _lid_slot);
  END IF;
  IF waste IS NOT NULL THEN
    -- A lid that is off and in no slot may have been disposed of before.
    IF (before->>'lidded')::boolean OR before->'lid' <> 'null' THEN
      RETURN dispose_part(opened, 'lid', waste, next_revision(), 0, before, _audit);
    END IF;
    RETURN before;
  END IF;
  after := before || update_lidded_and_version(opened, false);
  target := place_on_device(opened, 'lid', _lid_device, _lid_slot, '{"device": "/lid_device", "position": "/lid_pos", "reservation": "/reservation_id"}', _reservation);
  IF _lid_slot IS NULL THEN
    SELECT p.slot_number INTO _lid_slot FROM position p WHERE p.id = target;
  END IF;
  after := after || jsonb_build_object('lid', jsonb_build_object('device', _lid_device, 'position', _lid_slot));
  RETURN record_container_event(next_revision(), 0, 'unlidded', opened, before, _audit, after);
END $$;
