-- Records what happened to steps and experiments with their session, the steps first, by start. `_kinds` are the kinds of the events of a step
-- and of an experiment. `_befores` is what session_befores returned before the change. Returns how many events these are.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_session_events(_revision bigint, _kinds text[], _steps uuid[], _experiments uuid[], _befores jsonb, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became, concerns)
  SELECT _revision, row_number() OVER (ORDER BY s.start, s.id) - 1, lab.recorded_at, _kinds[1],
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), s.id, s.device_id, s.experiment_id, _befores->'steps'->s.id::text, step_snapshot(s.id),
    unknown_experiment(s.experiment_named)
  FROM step s CROSS JOIN lab WHERE s.id = ANY (_steps);
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, experiment_id, was, became)
  SELECT _revision, coalesce(cardinality(_steps), 0) + row_number() OVER (ORDER BY e.id) - 1, lab.recorded_at, _kinds[2],
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), e.id, _befores->'experiments'->e.id::text, experiment_snapshot(e.id)
  FROM experiment e CROSS JOIN lab WHERE e.id = ANY (_experiments);
  RETURN coalesce(cardinality(_steps), 0) + coalesce(cardinality(_experiments), 0);
END $$;
