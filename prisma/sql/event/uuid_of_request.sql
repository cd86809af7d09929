-- Returns the id of the request if it is a UUID of version 7 in lower case, otherwise null. The service makes such ids, so most requests have one; as a
-- UUID it takes less than half of the space. They begin with their time, so the index has a few ranges of ids for each
-- sixteen pages. Ids of other versions have no order, so they are text.
CREATE OR REPLACE FUNCTION uuid_of_request(_audit jsonb) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN _audit->>'request_id' ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$' THEN (_audit->>'request_id')::uuid END
$$;
