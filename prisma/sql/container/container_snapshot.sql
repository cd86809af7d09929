-- Returns a container as an event stores it. It is written in PL/pgSQL, which plans the nine joins of the view once per
-- connection; before PostgreSQL 18 a function in SQL is planned again for each call.
--
-- Settings: `plan_cache_mode = force_generic_plan`: it finds everything by id, so one plan is good for all containers. Without
-- the setting PostgreSQL plans the nine joins again in each of the first five calls of a connection, 2.5 ms each.
CREATE OR REPLACE FUNCTION container_snapshot(_container uuid) RETURNS jsonb LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN (
    SELECT to_jsonb(s) || jsonb_build_object(
      'removed_at', wire_time(s.removed_at), 'missing_since', wire_time(s.missing_since), 'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
    FROM container_state s WHERE s.id = _container);
END $$;
