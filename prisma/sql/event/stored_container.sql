-- Returns a snapshot of a container as `event_log` stores it: without the id, which is a column, and without the members that are null. The one
-- nested member, the place of the lid, has no nulls.
CREATE OR REPLACE FUNCTION stored_container(_snapshot jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_strip_nulls(_snapshot - 'id')
$$;
