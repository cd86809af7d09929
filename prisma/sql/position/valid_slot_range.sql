-- Returns the lowest and the highest slot number of a device as a problem shows them, or null if the device has no
-- slots.
CREATE OR REPLACE FUNCTION valid_slot_range(_device uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN count(*) > 0 THEN jsonb_build_object('minimum', min(slot_number), 'maximum', max(slot_number)) END
  FROM position WHERE device_id = _device AND retired_at IS NULL
$$;
