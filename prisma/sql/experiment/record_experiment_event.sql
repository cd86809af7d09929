-- Records an event of an experiment. `_after` is the snapshot after the command, which is read here, with all its steps, unless the
-- caller already knows it.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_experiment_event(
  _revision bigint, _ordinal integer, _kind text, _experiment uuid, _before jsonb, _audit jsonb, _after jsonb DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF _after IS NULL THEN
    _after := experiment_snapshot(_experiment);
  END IF;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, experiment_id, was, became)
  SELECT _revision, _ordinal, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), _experiment,
    _before, _after
  FROM lab WHERE id = 1;
END $$;
