-- Adds the slots that devices lack, which are [device_input]. Slots are never deleted, so the ones that a device lacks are those above its last one. Two commands
-- may add the same ones ahead at a time: the second waits for the first, and adds the others.
CREATE OR REPLACE FUNCTION add_lacking_slots(_inputs json) RETURNS void LANGUAGE sql AS $$
  INSERT INTO position (id, device_id, slot_number, disposes)
  SELECT uuid_v7(), input.id, slot, coalesce(input.disposes, false)
  FROM json_populate_recordset(NULL::device_input, _inputs) AS input
  CROSS JOIN LATERAL (SELECT coalesce(max(p.slot_number) + 1, 0) AS number FROM position p WHERE p.device_id = input.id) AS next
  CROSS JOIN LATERAL generate_series(next.number, input.capacity - 1) AS slot
  WHERE NOT input.retired
  ON CONFLICT DO NOTHING;
$$;
