-- Returns { steps, experiments }, each { id: snapshot }: what lose_sessions and recover_session are about to change.
CREATE OR REPLACE FUNCTION session_befores(_steps uuid[], _experiments uuid[]) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'steps', (SELECT jsonb_object_agg(t.id, step_snapshot(t.id)) FROM unnest(_steps) t (id)),
    'experiments', (SELECT jsonb_object_agg(t.id, experiment_snapshot(t.id)) FROM unnest(_experiments) t (id)))
$$;
