-- Returns an experiment as an event stores it.
CREATE OR REPLACE FUNCTION experiment_snapshot(_experiment uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object('first_start', wire_time(s.first_start), 'last_finish', wire_time(s.last_finish),
    'paused_at', wire_time(s.paused_at), 'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM experiment_state s WHERE s.id = _experiment
$$;
