-- Returns the kind of the event that says that a container has a new place: it was moved, or it was missing and is found.
CREATE OR REPLACE FUNCTION moved_kind(_before jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN _before->>'missing_since' IS NULL THEN 'moved' ELSE 'found' END
$$;
