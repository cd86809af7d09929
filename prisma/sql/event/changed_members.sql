-- Returns the members of the state before that differ from those after it, as `event_log` stores them. Null if there was nothing before.
-- Both have the same members. It is in PL/pgSQL, which plans the query once a connection: before PostgreSQL 18 a function in SQL is planned again for each call.
CREATE OR REPLACE FUNCTION changed_members(_before jsonb, _after jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN CASE WHEN _before IS NOT NULL THEN coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each(_before) WHERE value IS DISTINCT FROM _after->key), '{}') END;
END $$;
