-- Records an event of one step.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_step_event(_revision bigint, _kind text, _step uuid, _before jsonb, _audit jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, step_id, device_id, experiment_id, before, after)
  SELECT _revision, 0, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', _audit->>'request_id',
    s.id, s.device_id, s.experiment_id, _before, step_snapshot(s.id)
  FROM step s CROSS JOIN lab WHERE s.id = _step
$$;
