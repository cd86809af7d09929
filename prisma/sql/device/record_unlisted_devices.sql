-- Records an event for each device that a log created. The events are numbered from `_ordinal`.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_unlisted_devices(_revision bigint, _ordinal integer, _devices uuid[], _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(_devices) = 0 THEN
    RETURN;
  END IF;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, became)
  SELECT _revision, _ordinal + n.ordinality - 1, lab.recorded_at, 'device-named',
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), n.id, device_snapshot(n.id)
  FROM unnest(_devices) WITH ORDINALITY AS n (id, ordinality) CROSS JOIN lab;
END $$;
