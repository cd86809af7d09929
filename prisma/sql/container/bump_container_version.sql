-- Increments the version of a container, and sets the time of its last change.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION bump_container_version(_container uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE container SET version = version + 1, updated_at = command_time() WHERE id = _container;
END $$;
