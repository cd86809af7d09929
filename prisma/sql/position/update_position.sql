-- Changes what is known of a slot. `_changes` has the members to change; null clears a member. If the slot does not exist,
-- or nothing changes, nothing happens.
--
-- Locks: The lab lock.
-- Raises: invalid-request for a labware type that the lab does not have, slots-occupied
CREATE OR REPLACE FUNCTION update_position(_device text, _slot integer, _changes jsonb, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  changed uuid;
  holder uuid;
  before jsonb;
  after jsonb;
  after_disposes boolean;
BEGIN
  PERFORM lock_lab();
  SELECT s.id, s.device_id, position_snapshot(s.id) INTO changed, holder, before FROM position_state s WHERE s.device = _device AND s.position = _slot;
  IF changed IS NULL OR before || _changes = before THEN
    RETURN;
  END IF;
  IF jsonb_typeof(_changes->'labware_types') = 'array' THEN
    PERFORM refuse_unknown_labware_types(ARRAY(SELECT jsonb_array_elements_text(_changes->'labware_types')), '/labware_types');
  END IF;
  after := before || _changes;
  after_disposes := coalesce((after->>'disposes')::boolean, (SELECT d.disposes FROM device d WHERE d.id = holder));
  IF after_disposes THEN
    PERFORM refuse_disposing_of_occupied_slots(ARRAY[changed]);
  END IF;
  UPDATE position SET deep_well_suited = (after->>'deep_well_suited')::boolean, disposes_set = (after->>'disposes')::boolean, disposes = after_disposes,
    labware_types = CASE WHEN jsonb_typeof(after->'labware_types') = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(after->'labware_types')) END,
    max_height_mm = (after->>'max_height_mm')::double precision
  WHERE id = changed;
  PERFORM drop_reservations();
  PERFORM next_revision();
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT l.revision, 0, l.recorded_at, 'position-updated', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), holder, before, position_snapshot(changed)
  FROM lab l;
END $$;
