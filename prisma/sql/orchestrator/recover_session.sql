-- Sets the lost steps and experiments of a session that gives signs of life again to what they were: running, or paused since then. Their
-- alarms are over. Another session of the orchestrator does not do this. None writes nothing. Reads only what is under way.
--
-- Locks: The steps and the experiments, in the order of their ids, then the lab.
CREATE OR REPLACE FUNCTION recover_session(_session text, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  steps uuid[];
  experiments uuid[];
  alarms uuid[];
  befores jsonb;
  experiment_befores jsonb;
  alarm_befores jsonb;
  this_revision bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM step s WHERE s.status IN ('running', 'paused', 'lost') AND s.status = 'lost' AND s.session = _session)
    AND NOT EXISTS (SELECT FROM experiment e WHERE e.status = 'lost' AND e.session = _session) THEN
    RETURN;
  END IF;
  SELECT array_agg(l.id) INTO steps FROM (
    SELECT s.id FROM step s WHERE s.status IN ('running', 'paused', 'lost') AND s.status = 'lost' AND s.session = _session ORDER BY s.id FOR NO KEY UPDATE) l;
  SELECT array_agg(l.id) INTO experiments FROM (
    SELECT e.id FROM experiment e WHERE e.status = 'lost' AND e.session = _session ORDER BY e.id FOR NO KEY UPDATE) l;
  IF steps IS NULL AND experiments IS NULL THEN
    RETURN;
  END IF;
  SELECT jsonb_object_agg(t.id, step_snapshot(t.id)) INTO befores FROM unnest(steps) t (id);
  SELECT jsonb_object_agg(t.id, experiment_snapshot(t.id)) INTO experiment_befores FROM unnest(experiments) t (id);
  SELECT array_agg(a.id), jsonb_object_agg(a.id, alarm_snapshot(a.id)) INTO alarms, alarm_befores
  FROM alarm a WHERE a.over_at IS NULL AND a.step_id = ANY (steps);
  UPDATE step s SET status = 'running', version = s.version + 1, updated_at = command_time() WHERE s.id = ANY (steps);
  UPDATE experiment e SET status = 'running', version = e.version + 1, updated_at = command_time() WHERE e.id = ANY (experiments);
  -- Only the loss ended these pauses, so they last.
  UPDATE pause p SET resumed_at = NULL
  FROM (
    SELECT 'step' AS subject, t.id, lost.was FROM unnest(steps) t (id) CROSS JOIN LATERAL (
      SELECT e.before->>'status' AS was FROM event e WHERE e.step_id = t.id AND e.kind = 'step-lost' ORDER BY e.revision DESC LIMIT 1) lost
    UNION ALL
    SELECT 'experiment', t.id, lost.was FROM unnest(experiments) t (id) CROSS JOIN LATERAL (
      SELECT e.before->>'status' AS was FROM event e WHERE e.experiment_id = t.id AND e.kind = 'experiment-lost' ORDER BY e.revision DESC LIMIT 1) lost
  ) ended
  WHERE ended.was = 'paused' AND p.subject = ended.subject AND p.subject_id = ended.id
    AND NOT EXISTS (SELECT FROM pause later WHERE later.subject = p.subject AND later.subject_id = p.subject_id AND later.ordinal > p.ordinal);
  UPDATE alarm a SET over_at = command_time() WHERE a.id = ANY (alarms);

  this_revision := next_revision();
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became)
  SELECT this_revision, row_number() OVER (ORDER BY s.start, s.id) - 1, lab.recorded_at, 'step-recovered',
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), s.id, s.device_id, s.experiment_id, befores->s.id::text, step_snapshot(s.id)
  FROM step s CROSS JOIN lab WHERE s.id = ANY (steps);
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, experiment_id, was, became)
  SELECT this_revision, coalesce(cardinality(steps), 0) + row_number() OVER (ORDER BY e.id) - 1, lab.recorded_at, 'experiment-recovered',
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), e.id, experiment_befores->e.id::text, experiment_snapshot(e.id)
  FROM experiment e CROSS JOIN lab WHERE e.id = ANY (experiments);
  PERFORM record_alarm_events(this_revision, coalesce(cardinality(steps), 0) + coalesce(cardinality(experiments), 0), 'step-alarm-over', alarms, alarm_befores, _audit);
END $$;
