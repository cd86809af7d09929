-- Creates a device for every name that no device ever had: unlisted and without slots. `_devices` is [{ id, name }]
-- with the ids to use. Returns the ids of the new devices.
--
-- Locks: The lab lock.
CREATE OR REPLACE FUNCTION create_unlisted_devices(_devices jsonb) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
  named uuid[];
BEGIN
  PERFORM lock_lab();
  WITH unlisted AS (
    INSERT INTO device (id, name, "group", listed, created_at, updated_at)
    SELECT d.id, d.name, 'devices', false, command_time(), command_time()
    FROM jsonb_to_recordset(_devices) AS d (id uuid, name text) WHERE latest_device_named(d.name) IS NULL
    RETURNING id
  )
  SELECT coalesce(array_agg(id), '{}') INTO named FROM unlisted;
  RETURN named;
END $$;
