-- Returns the key under which a batch keeps the lowest slot of a device that may be free: for each reservation another one,
-- because each has slots of its own.
CREATE OR REPLACE FUNCTION lowest_key(_device text, _reservation text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_array(_device, lower(_reservation))::text
$$;
