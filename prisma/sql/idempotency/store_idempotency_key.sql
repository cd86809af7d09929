-- Stores the response to a request in the transaction of its effect, so that there is never one without the other. It
-- also deletes a few keys that are too old: a service in use cleans up after itself.
--
-- Locks: The expired rows that it deletes; it skips those that another transaction has locked.
CREATE OR REPLACE FUNCTION store_idempotency_key(_digest text, _request_digest text, _status integer, _headers jsonb, _body text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM idempotency_key WHERE digest IN (
    SELECT digest FROM idempotency_key WHERE created_at <= clock_timestamp() - idempotency_key_lifetime()
    ORDER BY created_at LIMIT 20 FOR UPDATE SKIP LOCKED);
  INSERT INTO idempotency_key (digest, request_digest, status, headers, body)
  VALUES (_digest, _request_digest, _status, _headers, _body)
  ON CONFLICT ON CONSTRAINT idempotency_key_pkey DO UPDATE SET
    request_digest = excluded.request_digest, status = excluded.status, headers = excluded.headers, body = excluded.body,
    created_at = excluded.created_at;
END $$;
