-- Records an event of a container. `_after` is the snapshot after the command, which is read here unless the caller
-- already knows it. Returns that snapshot, so that the caller need not read it again.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_container_event(
  _revision bigint, _ordinal integer, _kind text, _container uuid, _before jsonb, _audit jsonb, _after jsonb DEFAULT NULL
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  request uuid := uuid_of_request(_audit);
BEGIN
  IF _after IS NULL THEN
    _after := container_snapshot(_container);
  END IF;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, container_id, was, became, position_id, lid_position_id)
  SELECT _revision, _ordinal, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', request, CASE WHEN request IS NULL THEN _audit->>'request_id' END, _container,
    changed_members(_before, _after), stored_container(_after),
    (SELECT position_id FROM placement WHERE container_id = _container AND part = 'body'),
    (SELECT position_id FROM placement WHERE container_id = _container AND part = 'lid')
  FROM lab WHERE id = 1;
  RETURN _after;
END $$;
