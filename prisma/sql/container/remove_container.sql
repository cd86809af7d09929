-- Removes a container from the platform: its slot, the slot of its lid and its barcode are free again. Does
-- nothing if the container was already removed. Returns its snapshot.
--
-- Locks: The lab lock.
-- Raises: container-not-found
CREATE OR REPLACE FUNCTION remove_container(_id uuid, _barcode text, _audit jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  gone uuid;
  before jsonb;
BEGIN
  PERFORM lock_lab();
  gone := require_container(_id, _barcode);
  before := container_snapshot(gone);
  IF before->>'removed_at' IS NULL THEN
    DELETE FROM placement WHERE container_id = gone;
    UPDATE container SET removed_at = command_time(), missing_since = NULL, last_position_id = NULL, version = version + 1, updated_at = command_time() WHERE id = gone;
    RETURN record_container_event(next_revision(), 0, 'removed', gone, before, _audit);
  END IF;
  RETURN before;
END $$;
