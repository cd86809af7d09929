-- Returns the kind of the event that says how a container came to its end: nobody knows any more where it is, it is found
-- again, or it was somewhere else, with another lid, than the service said.
CREATE OR REPLACE FUNCTION end_kind(_end container_end) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN _end.body_to IS NULL AND _end.body_from IS NOT NULL THEN 'missing'
    WHEN _end.body_from IS NULL AND _end.body_to IS NOT NULL THEN 'found'
    ELSE 'corrected' END
$$;
