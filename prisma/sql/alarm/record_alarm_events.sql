-- Records an event for each alarm that was raised or is over, numbered from `_ordinal`.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_alarm_events(_revision bigint, _ordinal integer, _kind text, _alarms uuid[], _befores jsonb, _audit jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became, concerns)
  SELECT _revision, _ordinal + row_number() OVER (ORDER BY a.raised_at, a.id) - 1, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
    s.id, s.device_id, s.experiment_id, _befores->a.id::text, alarm_snapshot(a.id), unknown_experiment(s.experiment_named)
  FROM alarm a JOIN step s ON s.id = a.step_id CROSS JOIN lab WHERE a.id = ANY (_alarms)
$$;
