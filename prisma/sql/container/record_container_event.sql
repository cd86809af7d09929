-- Records an event of a container. `_after` is the snapshot after the command, which is read here unless the caller
-- already knows it. Returns that snapshot, so that the caller need not read it again.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_container_event(
  _revision bigint, _ordinal integer, _kind text, _container uuid, _before jsonb, _audit jsonb, _after jsonb DEFAULT NULL
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  request uuid := uuid_of_request(_audit);
  body_position uuid;
  lid_position uuid;
BEGIN
  IF _after IS NULL THEN
    _after := container_snapshot(_container);
  END IF;
  SELECT pl.position_id INTO body_position FROM placement pl WHERE pl.container_id = _container AND pl.part = 'body';
  -- seldom, because few lids are parked
  IF _after->'lid' <> 'null' THEN
    SELECT pl.position_id INTO lid_position FROM placement pl WHERE pl.container_id = _container AND pl.part = 'lid';
  END IF;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, container_id, was, became, position_id, lid_position_id)
  VALUES (_revision, _ordinal, (SELECT l.recorded_at FROM lab l WHERE l.id = 1), _kind, _audit->>'actor', _audit->>'reason',
    request, CASE WHEN request IS NULL THEN _audit->>'request_id' END, _container,
    changed_members(_before, _after), stored_container(_after), body_position, lid_position);
  RETURN _after;
END $$;
