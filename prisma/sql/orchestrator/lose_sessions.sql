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
BEGIN
  PERFORM begin_command();
  SELECT array_agg(l.id) INTO steps FROM (
    SELECT s.id FROM step s
    WHERE s.status IN ('running', 'paused', 'lost') AND s.status <> 'lost' AND s.session IS NOT NULL AND session_is_over(s.session) ORDER BY s.id FOR NO KEY UPDATE) l;
  SELECT array_agg(l.id) INTO experiments FROM (
    SELECT e.id FROM experiment e
    WHERE e.session IS NOT NULL AND e.status IN ('running', 'paused') AND session_is_over(e.session) ORDER BY e.id FOR NO KEY UPDATE) l;
  IF steps IS NULL AND experiments IS NULL THEN
    RETURN 0;
  END IF;
  befores := session_befores(steps, experiments);
  PERFORM end_pause('step', s.id, NULL, s.start) FROM step s WHERE s.id = ANY (steps) AND s.status = 'paused';
  PERFORM end_pause('experiment', e.id, NULL, NULL) FROM experiment e WHERE e.id = ANY (experiments) AND e.status = 'paused';
  PERFORM write_session_status(steps, experiments, 'lost');
  INSERT INTO alarm (id, step_id, kind, raised_at)
  SELECT uuid_v7(), t.id, 'lost', command_time() FROM unnest(steps) t (id)
  ON CONFLICT (step_id) WHERE over_at IS NULL DO UPDATE SET kind = 'lost';
  RETURN record_session_events(next_revision(), ARRAY['step-lost', 'experiment-lost'], steps, experiments, befores, _audit);
END $$;
