-- Records an event of an experiment.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_experiment_event(
  _revision bigint, _ordinal integer, _kind text, _experiment uuid, _before jsonb, _audit jsonb
) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, experiment_id, before, after)
  SELECT _revision, _ordinal, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', _audit->>'request_id', _experiment,
    _before, experiment_snapshot(_experiment)
  FROM lab WHERE id = 1
$$;
