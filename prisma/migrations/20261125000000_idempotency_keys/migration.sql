-- Requests that are safe to repeat: the answer to a request that carried an `Idempotency-Key` is stored in the transaction
-- of its effect, so that there is never one without the other.

CREATE TABLE idempotency_key (
  -- sha256 of who asked, method, path and key
  digest text NOT NULL,
  -- sha256 of the query and the body: the same key with another request is a mistake
  request_digest text NOT NULL,
  status integer NOT NULL,
  -- `content-type` and `location` of the answer, as far as it had them
  headers jsonb NOT NULL,
  body text,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT idempotency_key_pkey PRIMARY KEY (digest),
  -- a refused command changed nothing, and may be asked for again
  CONSTRAINT idempotency_key_success CHECK (status BETWEEN 200 AND 299)
);
CREATE INDEX idempotency_key_created_idx ON idempotency_key (created_at);

CREATE FUNCTION idempotency_kept() RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT interval '24 hours' $$;

-- Opens a key for the transaction that calls it. `running`: another transaction has it. The answer is the stored one, if
-- there is one that is kept still. A second statement looks, since it must see what the holder of the lock left.
CREATE FUNCTION open_idempotency_key(_digest text, OUT running boolean, OUT stored idempotency_key) LANGUAGE plpgsql AS $$
BEGIN
  running := NOT pg_try_advisory_xact_lock(hashtextextended(_digest, 72707370));
  IF NOT running THEN
    SELECT k.* INTO stored FROM idempotency_key k WHERE k.digest = _digest AND k.created_at > clock_timestamp() - idempotency_kept();
  END IF;
END $$;

-- Stores the answer, and purges a few whose time is over: a service that is used keeps itself clean, whichever instance it is.
CREATE FUNCTION store_idempotency_key(_digest text, _request_digest text, _status integer, _headers jsonb, _body text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM idempotency_key WHERE digest IN (
    SELECT digest FROM idempotency_key WHERE created_at <= clock_timestamp() - idempotency_kept()
    ORDER BY created_at LIMIT 20 FOR UPDATE SKIP LOCKED);
  INSERT INTO idempotency_key (digest, request_digest, status, headers, body)
  VALUES (_digest, _request_digest, _status, _headers, _body)
  ON CONFLICT ON CONSTRAINT idempotency_key_pkey DO UPDATE SET
    request_digest = excluded.request_digest, status = excluded.status, headers = excluded.headers, body = excluded.body,
    created_at = excluded.created_at;
END $$;
