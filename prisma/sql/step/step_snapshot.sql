-- Returns a step as an event stores it. It is written in PL/pgSQL, which plans the joins of the view once per connection; before
-- PostgreSQL 18 a function in SQL is planned again for each call.
CREATE OR REPLACE FUNCTION step_snapshot(_step uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT to_jsonb(s) || jsonb_build_object('start', wire_time(s.start), 'finish', wire_time(s.finish), 'paused_at', wire_time(s.paused_at),
      'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
    FROM step_state s WHERE s.id = _step);
END $$;
