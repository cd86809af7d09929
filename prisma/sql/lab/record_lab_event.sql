-- Records an event of the lab as a whole. `_after` says what was done.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_lab_event(_revision bigint, _ordinal integer, _kind text, _after jsonb, _audit jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, after)
  SELECT _revision, _ordinal, l.recorded_at, _kind, _audit->>'actor', _audit->>'reason', _audit->>'request_id', _after FROM lab l
$$;
