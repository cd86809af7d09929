-- Takes a sign of life of an orchestrator: its lease lasts `ttl_seconds` from now on. Another session than before begins, and what runs in
-- the one before is lost. What was lost because the lease of this session was over runs again. `_input` is { session, ttl_seconds, state }.
-- The outcome is `created` for a name that was not known. A sign of life in the same session writes no event, unless it recovers something.
--
-- Locks: The orchestrator, then what lose_sessions and recover_session lock.
CREATE OR REPLACE FUNCTION put_orchestrator(_name text, _input jsonb, _audit jsonb) RETURNS TABLE (outcome text, orchestrator orchestrator_state)
LANGUAGE plpgsql AS $$
DECLARE
  before text;
  present timestamptz(3);
  until timestamptz(3);
BEGIN
  SELECT o.session INTO before FROM orchestrator o WHERE o.name = _name FOR UPDATE;
  outcome := CASE WHEN FOUND THEN 'renewed' ELSE 'created' END;
  -- Only when it has the row: whoever waited is not alive since before that.
  present := begin_command();
  until := present + (_input->>'ttl_seconds')::double precision * interval '1 second';
  INSERT INTO orchestrator AS known (name, session, ttl_seconds, state, expires_at, created_at, updated_at)
  VALUES (_name, _input->>'session', (_input->>'ttl_seconds')::double precision, _input->>'state', until, present, present)
  ON CONFLICT (name) DO UPDATE SET session = excluded.session, ttl_seconds = excluded.ttl_seconds, state = excluded.state,
    expires_at = excluded.expires_at, updated_at = excluded.updated_at, version = known.version + 1;
  UPDATE orchestrator_session s SET expires_at = least(s.expires_at, present) WHERE s.orchestrator = _name AND s.session <> _input->>'session' AND s.expires_at > present;
  INSERT INTO orchestrator_session (session, orchestrator, expires_at) VALUES (_input->>'session', _name, until)
  ON CONFLICT ON CONSTRAINT orchestrator_session_pkey DO UPDATE SET expires_at = excluded.expires_at;
  IF before <> _input->>'session' THEN
    PERFORM lose_sessions(_audit || jsonb_build_object('reason', 'Another session of the orchestrator "' || _name || '" has begun.'));
  ELSIF before = _input->>'session' THEN
    -- Not when a session takes the name back: two programs with one name would lose and recover their steps in turn.
    PERFORM recover_session(before, _audit || jsonb_build_object('reason', 'The session of the orchestrator "' || _name || '" gives signs of life again.'));
  END IF;
  SELECT o.* INTO orchestrator FROM orchestrator_state o WHERE o.name = _name;
  RETURN NEXT;
END $$;
