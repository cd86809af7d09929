-- Records an event of the lab as a whole. `_after` says what was done.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_lab_event(_revision bigint, _ordinal integer, _kind text, _after jsonb, _audit jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, became)
  SELECT _revision, _ordinal, l.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), _after FROM lab l
$$;
