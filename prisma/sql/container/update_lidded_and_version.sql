-- Increments the version of a container, and sets the time of its last change. Sets whether the lid is on, unless
-- `_lidded` is null. Returns these members of the snapshot, so that the caller need not read it again.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION update_lidded_and_version(_container uuid, _lidded boolean DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  changed jsonb;
BEGIN
  UPDATE container SET lidded = coalesce(_lidded, lidded), version = version + 1, updated_at = command_time() WHERE id = _container
  RETURNING jsonb_build_object('lidded', lidded, 'version', version, 'updated_at', wire_time(updated_at)) INTO changed;
  RETURN changed;
END $$;
