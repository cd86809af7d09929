-- Returns how long the response to a request with an Idempotency-Key is kept.
CREATE OR REPLACE FUNCTION idempotency_key_lifetime() RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT interval '24 hours' $$;
