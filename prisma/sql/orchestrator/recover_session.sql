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
  alarm_befores jsonb;
  this_revision bigint;
  recorded integer;
BEGIN
  SELECT array_agg(l.id) INTO steps FROM (
    SELECT s.id FROM step s WHERE s.status IN ('running', 'paused', 'lost') AND s.status = 'lost' AND s.session = _session ORDER BY s.id FOR NO KEY UPDATE) l;
  SELECT array_agg(l.id) INTO experiments FROM (
    SELECT e.id FROM experiment e WHERE e.status = 'lost' AND e.session = _session ORDER BY e.id FOR NO KEY UPDATE) l;
  IF steps IS NULL AND experiments IS NULL THEN
    RETURN;
  END IF;
  befores := session_befores(steps, experiments);
  SELECT array_agg(a.id), jsonb_object_agg(a.id, alarm_snapshot(a.id)) INTO alarms, alarm_befores
  FROM alarm a WHERE a.over_at IS NULL AND a.step_id = ANY (steps);
  PERFORM write_session_status(steps, experiments, 'running');
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
  recorded := record_session_events(this_revision, ARRAY['step-recovered', 'experiment-recovered'], steps, experiments, befores, _audit);
  PERFORM record_alarm_events(this_revision, recorded, 'step-alarm-over', alarms, alarm_befores, _audit);
END $$;
