-- Sets devices and their slots as the input says, and what is set for single slots as `_slots` says, which are [slot_input].
-- Records one event for each device, and then one for each of these slots. The caller decides what
-- changes (src/domain/lab-file/lab-plan.ts). Retired devices and slots keep their rows, so a device that comes back has
-- its old id. It takes a few statements for a lab of any size. A device of version 0 is one of write_slots_ahead, and new.
--
-- Locks: The caller holds the lab lock.
-- Raises: slots-occupied
CREATE OR REPLACE FUNCTION write_devices(_inputs json, _slots json, _revision bigint, _ordinal integer, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
  slots_before jsonb;
BEGIN
  PERFORM refuse_dropping_occupied_slots(_inputs, _slots);
  SELECT coalesce(jsonb_object_agg(d.id, device_snapshot(d.id)), '{}') INTO before
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input JOIN device d ON d.id = input.id WHERE d.version > 0;

  INSERT INTO device_group (name)
  SELECT DISTINCT input."group" FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  ON CONFLICT DO NOTHING;

  INSERT INTO device (id, name, "group", ordinal, type, description, uri, capacity, process_capacity, min_capacity,
    allows_overlap, disposes, labware_types, max_height_mm, extra, listed, retired_at, created_as, created_at, updated_at)
  SELECT input.id, input.name, input."group", next_ordinal_in_group(input."group"), input.type, input.description, input.uri,
    input.capacity, input.process_capacity, input.min_capacity, input.allows_overlap,
    coalesce(input.disposes, false), input.labware_types, input.max_height_mm, input.extra, input.listed, CASE WHEN input.retired THEN command_time() END, input.created_as,
    command_time(), command_time()
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  ON CONFLICT ON CONSTRAINT device_pkey DO UPDATE SET
    name = excluded.name, "group" = excluded."group", type = excluded.type,
    ordinal = CASE WHEN device."group" = excluded."group" AND device.listed AND device.retired_at IS NULL
      THEN device.ordinal ELSE excluded.ordinal END,
    description = excluded.description, uri = excluded.uri, capacity = excluded.capacity,
    process_capacity = excluded.process_capacity, min_capacity = excluded.min_capacity,
    allows_overlap = excluded.allows_overlap, disposes = excluded.disposes, labware_types = excluded.labware_types,
    max_height_mm = excluded.max_height_mm, extra = excluded.extra, listed = excluded.listed,
    retired_at = excluded.retired_at, created_as = excluded.created_as, version = device.version + 1,
    created_at = CASE WHEN device.version = 0 THEN excluded.created_at ELSE device.created_at END, updated_at = command_time();

  UPDATE position p SET retired_at = command_time()
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  WHERE p.device_id = input.id AND p.retired_at IS NULL AND p.slot_number >= CASE WHEN input.retired THEN 0 ELSE input.capacity END;
  -- Only if the device begins or ends to dispose: otherwise all slots are read, and 300,000 of them take a tenth of a second.
  UPDATE position p SET disposes = coalesce(p.disposes_set, d.disposes)
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input JOIN device d ON d.id = input.id
  WHERE (before->input.id::text->>'disposes')::boolean <> d.disposes
    AND p.device_id = d.id AND p.disposes <> coalesce(p.disposes_set, d.disposes)
    AND NOT EXISTS (SELECT FROM json_populate_recordset(NULL::slot_input, _slots) AS slot WHERE slot.device_id = p.device_id AND slot.position = p.slot_number);
  UPDATE position p SET retired_at = NULL
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  WHERE p.device_id = input.id AND p.retired_at IS NOT NULL AND NOT input.retired AND p.slot_number < input.capacity;
  PERFORM add_lacking_slots(_inputs);
  SELECT coalesce(jsonb_object_agg(p.id, position_snapshot(p.id)), '{}') INTO slots_before
  FROM json_populate_recordset(NULL::slot_input, _slots) AS slot JOIN position p ON p.device_id = slot.device_id AND p.slot_number = slot.position;
  UPDATE position p SET deep_well_suited = slot.deep_well_suited, disposes_set = slot.disposes, disposes = coalesce(slot.disposes, d.disposes),
    labware_types = slot.labware_types, max_height_mm = slot.max_height_mm
  FROM json_populate_recordset(NULL::slot_input, _slots) AS slot JOIN device d ON d.id = slot.device_id
  WHERE p.device_id = slot.device_id AND p.slot_number = slot.position;

  PERFORM drop_reservations();

  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT _revision, _ordinal + input.ordinality - 1, l.recorded_at, input.kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
    input.id, before->input.id::text, device_snapshot(input.id)
  FROM ROWS FROM (json_populate_recordset(NULL::device_input, _inputs)) WITH ORDINALITY AS input CROSS JOIN lab l;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT _revision, _ordinal + json_array_length(_inputs) + slot.ordinality - 1, l.recorded_at, 'position-updated',
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), p.device_id, slots_before->p.id::text, position_snapshot(p.id)
  FROM ROWS FROM (json_populate_recordset(NULL::slot_input, _slots)) WITH ORDINALITY AS slot
  JOIN position p ON p.device_id = slot.device_id AND p.slot_number = slot.position CROSS JOIN lab l;
END $$;
