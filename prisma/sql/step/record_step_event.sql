-- Records an event of one step.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_step_event(_revision bigint, _kind text, _step uuid, _before jsonb, _audit jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became)
  SELECT _revision, 0, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
    s.id, s.device_id, s.experiment_id, changed_members(_before, snapshot.after), snapshot.after
  FROM step s CROSS JOIN lab CROSS JOIN LATERAL (SELECT step_snapshot(s.id) AS after) snapshot WHERE s.id = _step
$$;
