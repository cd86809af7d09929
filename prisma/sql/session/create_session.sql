-- Signs in: makes a session of the key with this digest, for 12 hours or, remembered, for 90 days, and not for longer than the key is valid. Returns for how
-- many seconds (`lasts`). Null: no valid key has this digest. `wait`: the seconds to wait, because the address failed 10 times in this minute; then the key is not
-- looked at. Whoever tries is counted before the key is looked up, and counted back when it is valid, so that tries at the same time count, too.
--
-- Locks: The row of the address in `sign_in_failure`, so tries of one address run one after another.
CREATE OR REPLACE FUNCTION create_session(_key_sha256 text, _network text, _id_sha256 text, _remembered boolean, _replaces text, OUT lasts integer, OUT wait integer) LANGUAGE plpgsql AS $$
DECLARE
  tried sign_in_failure;
  key api_key;
  until timestamptz;
BEGIN
  PERFORM prune_sessions();
  INSERT INTO sign_in_failure AS f (network, began_at, failures) VALUES (_network, clock_timestamp(), 1)
  ON CONFLICT ON CONSTRAINT sign_in_failure_pkey DO UPDATE SET
    failures = CASE WHEN f.began_at <= clock_timestamp() - interval '1 minute' THEN 1 ELSE least(f.failures, 10) + 1 END,
    began_at = CASE WHEN f.began_at <= clock_timestamp() - interval '1 minute' THEN clock_timestamp() ELSE f.began_at END
  RETURNING * INTO tried;
  IF tried.failures > 10 THEN
    wait := greatest(1, ceil(extract(epoch FROM tried.began_at + interval '1 minute' - clock_timestamp())));
    RETURN;
  END IF;
  SELECT * INTO key FROM api_key k WHERE k.key_sha256 = _key_sha256 AND k.revoked_at IS NULL AND coalesce(k.expires_at > clock_timestamp(), true);
  IF NOT FOUND THEN
    RETURN;
  END IF;
  DELETE FROM sign_in_failure f WHERE f.network = _network AND f.failures = 1;
  UPDATE sign_in_failure f SET failures = f.failures - 1 WHERE f.network = _network;
  DELETE FROM session s WHERE s.id_sha256 = _replaces;
  until := least(now() + CASE WHEN _remembered THEN interval '90 days' ELSE interval '12 hours' END, key.expires_at);
  INSERT INTO session (id_sha256, key_id, expires_at, remembered) VALUES (_id_sha256, key.id, until, _remembered);
  -- A key has at most 1,000 sessions: those that were not used for longest end.
  DELETE FROM session WHERE id_sha256 IN (
    SELECT s.id_sha256 FROM session s WHERE s.key_id = key.id ORDER BY s.last_used_at DESC, s.id_sha256 OFFSET 1000 LIMIT 100 FOR UPDATE SKIP LOCKED);
  lasts := greatest(1, floor(extract(epoch FROM until - now())));
END $$;
