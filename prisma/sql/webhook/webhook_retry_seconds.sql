-- Returns how long a webhook waits after so many failed attempts of a message. Null when it gives up.
CREATE OR REPLACE FUNCTION webhook_retry_seconds(_failures integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT (ARRAY[5, 300, 1800, 7200, 18000, 36000, 36000])[_failures]
$$;
