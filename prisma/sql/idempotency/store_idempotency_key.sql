-- Stores the response to a request in the transaction of its effect, so that there is never one without the other. A large body
-- comes compressed. prune_idempotency_keys deletes what is too old or too much.
CREATE OR REPLACE FUNCTION store_idempotency_key(_digest text, _request_digest text, _status integer, _headers jsonb, _body text, _body_gzip bytea, _actor text)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO idempotency_key (digest, request_digest, status, headers, body, body_gzip, actor)
  VALUES (_digest, _request_digest, _status, _headers, _body, _body_gzip, _actor)
  ON CONFLICT ON CONSTRAINT idempotency_key_pkey DO UPDATE SET
    request_digest = excluded.request_digest, status = excluded.status, headers = excluded.headers, body = excluded.body, body_gzip = excluded.body_gzip,
    actor = excluded.actor, created_at = excluded.created_at
$$;
