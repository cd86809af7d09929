-- Records an event of a container, and reads the snapshot after it. write_container_event saves the read when the
-- caller knows the snapshot.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_container_event(
  _revision bigint, _ordinal integer, _kind text, _container uuid, _before jsonb, _audit jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM write_container_event(_revision, _ordinal, _kind, _container, _before, container_snapshot(_container), _audit);
END $$;
