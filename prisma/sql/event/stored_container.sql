-- Returns a snapshot of a container as `event_log` stores it: without the id, which is a column, and without the members that are null.
CREATE OR REPLACE FUNCTION stored_container(_snapshot jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_object_agg(key, value) FROM jsonb_each(_snapshot) WHERE value <> 'null' AND key <> 'id'
$$;
