-- Whether a session of an orchestrator is over: it is known, and no lease of it lasts. A session that no orchestrator ever had is
-- never over, because nobody said that it would give signs of life.
CREATE OR REPLACE FUNCTION session_is_over(_session text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(max(o.expires_at) <= command_time()::timestamptz(3), false) FROM orchestrator_session o WHERE o.session = _session
$$;
