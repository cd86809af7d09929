-- Creates an API key and returns it. A key that has expired no longer holds its name.
--
-- Locks: The table `api_key`, against other writers.
-- Raises: key-name-in-use
CREATE OR REPLACE FUNCTION create_api_key(_input jsonb, _actor text) RETURNS api_key LANGUAGE plpgsql AS $$
DECLARE
  holder api_key;
  made api_key;
BEGIN
  -- Keys are created rarely, so they are created one after another. Then the check below stays true.
  LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE;
  UPDATE api_key SET revoked_at = expires_at WHERE name = _input ->> 'name' AND revoked_at IS NULL AND expires_at <= now();
  SELECT * INTO holder FROM api_key WHERE name = _input ->> 'name' AND revoked_at IS NULL;
  IF holder.id IS NOT NULL THEN
    PERFORM refuse('key-name-in-use', jsonb_build_object('name', holder.name, 'id', holder.id, 'pointer', '/name'));
  END IF;
  INSERT INTO api_key (id, name, key_sha256, scopes, created_by, expires_at)
  SELECT (_input ->> 'id')::uuid, _input ->> 'name', _input ->> 'key_sha256',
    ARRAY(SELECT jsonb_array_elements_text(_input -> 'scopes')), _actor, (_input ->> 'expires_at')::timestamptz
  RETURNING * INTO made;
  RETURN made;
END $$;
