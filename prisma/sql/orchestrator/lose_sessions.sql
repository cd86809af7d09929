-- Sets the steps and experiments that run in a session that is over to `lost`: nobody will say how they end, unless they are told later.
-- They get no finish. A pause of them ends. A lost step has an alarm. Returns how many steps and experiments were lost; none writes
-- nothing. Reads only what is under way.
--
-- Locks: The steps and the experiments, in the order of their ids, then the lab.
CREATE OR REPLACE FUNCTION lose_sessions(_audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  steps uuid[];
  experiments uuid[];
  befores jsonb;
  experiment_befores jsonb;
  this_revision bigint;
BEGIN
  PERFORM begin_command();
  IF NOT EXISTS (SELECT FROM step s WHERE s.status IN ('running', 'paused', 'lost') AND s.status <> 'lost' AND s.session IS NOT NULL AND session_is_over(s.session))
    AND NOT EXISTS (SELECT FROM experiment e WHERE e.session IS NOT NULL AND e.status IN ('running', 'paused') AND session_is_over(e.session)) THEN
    RETURN 0;
  END IF;
  SELECT array_agg(l.id) INTO steps FROM (
    SELECT s.id FROM step s
    WHERE s.status IN ('running', 'paused', 'lost') AND s.status <> 'lost' AND s.session IS NOT NULL AND session_is_over(s.session) ORDER BY s.id FOR NO KEY UPDATE) l;
  SELECT array_agg(l.id) INTO experiments FROM (
    SELECT e.id FROM experiment e
    WHERE e.session IS NOT NULL AND e.status IN ('running', 'paused') AND session_is_over(e.session) ORDER BY e.id FOR NO KEY UPDATE) l;
  IF steps IS NULL AND experiments IS NULL THEN
    RETURN 0;
  END IF;
  SELECT jsonb_object_agg(t.id, step_snapshot(t.id)) INTO befores FROM unnest(steps) t (id);
  SELECT jsonb_object_agg(t.id, experiment_snapshot(t.id)) INTO experiment_befores FROM unnest(experiments) t (id);
  PERFORM end_pause('step', s.id, NULL, s.start) FROM step s WHERE s.id = ANY (steps) AND s.status = 'paused';
  PERFORM end_pause('experiment', e.id, NULL, NULL) FROM experiment e WHERE e.id = ANY (experiments) AND e.status = 'paused';
  UPDATE step s SET status = 'lost', version = s.version + 1, updated_at = command_time() WHERE s.id = ANY (steps);
  UPDATE experiment e SET status = 'lost', version = e.version + 1, updated_at = command_time() WHERE e.id = ANY (experiments);
  INSERT INTO alarm (id, step_id, kind, raised_at)
  SELECT uuid_v7(), t.id, 'lost', command_time() FROM unnest(steps) t (id)
  ON CONFLICT (step_id) WHERE over_at IS NULL DO UPDATE SET kind = 'lost';

  this_revision := next_revision();
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became)
  SELECT this_revision, row_number() OVER (ORDER BY s.start, s.id) - 1, lab.recorded_at, 'step-lost',
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), s.id, s.device_id, s.experiment_id, befores->s.id::text, step_snapshot(s.id)
  FROM step s CROSS JOIN lab WHERE s.id = ANY (steps);
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, experiment_id, was, became)
  SELECT this_revision, coalesce(cardinality(steps), 0) + row_number() OVER (ORDER BY e.id) - 1, lab.recorded_at, 'experiment-lost',
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), e.id, experiment_befores->e.id::text, experiment_snapshot(e.id)
  FROM experiment e CROSS JOIN lab WHERE e.id = ANY (experiments);
  RETURN coalesce(cardinality(steps), 0) + coalesce(cardinality(experiments), 0);
END $$;
