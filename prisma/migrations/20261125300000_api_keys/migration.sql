-- Who may come in. A key is kept as its hash only, and a row is never deleted: who made and who revoked a key stays known,
-- and a service that ever had a key never opens again because its last one ended.

CREATE TABLE api_key (
  id uuid NOT NULL,
  -- the actor of all that is done with it
  name text NOT NULL,
  -- hex of the SHA-256 of the key
  key_sha256 text NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  created_by text,
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  revoked_by text,
  CONSTRAINT api_key_pkey PRIMARY KEY (id),
  CONSTRAINT api_key_sha256_is_hex CHECK (key_sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT api_key_has_scopes CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'operate', 'admin'])
);
CREATE UNIQUE INDEX api_key_sha256 ON api_key (key_sha256);
CREATE UNIQUE INDEX api_key_name_live ON api_key (name) WHERE (revoked_at IS NULL);

-- Makes a key. One that has expired does not hold its name any more.
CREATE FUNCTION create_api_key(_wish jsonb, _actor text) RETURNS api_key LANGUAGE plpgsql AS $$
DECLARE
  holder api_key;
  made api_key;
BEGIN
  -- keys are made rarely: one after the other, so that looking before acting is safe
  LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE;
  UPDATE api_key SET revoked_at = expires_at WHERE name = _wish ->> 'name' AND revoked_at IS NULL AND expires_at <= now();
  SELECT * INTO holder FROM api_key WHERE name = _wish ->> 'name' AND revoked_at IS NULL;
  IF holder.id IS NOT NULL THEN
    PERFORM refuse('key-name-in-use', jsonb_build_object('name', holder.name, 'id', holder.id, 'pointer', '/name'));
  END IF;
  INSERT INTO api_key (id, name, key_sha256, scopes, created_by, expires_at)
  SELECT (_wish ->> 'id')::uuid, _wish ->> 'name', _wish ->> 'key_sha256',
    ARRAY(SELECT jsonb_array_elements_text(_wish -> 'scopes')), _actor, (_wish ->> 'expires_at')::timestamptz
  RETURNING * INTO made;
  RETURN made;
END $$;

-- Makes the very first key; whether it did. Of several that start together one does.
CREATE FUNCTION create_first_api_key(_wish jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM api_key) THEN
    RETURN false;
  END IF;
  PERFORM create_api_key(_wish, NULL);
  RETURN true;
END $$;
