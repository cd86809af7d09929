-- Returns the id of the request if uuid_of_request has none of it, otherwise null.
CREATE OR REPLACE FUNCTION other_request_id(_audit jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN uuid_of_request(_audit) IS NULL THEN _audit->>'request_id' END
$$;
