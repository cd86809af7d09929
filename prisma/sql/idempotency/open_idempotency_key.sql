-- Opens a key for the transaction that calls it. `running` says that another transaction has the key. Otherwise
-- `stored` is the response that is kept, if there is one. A second statement reads it, because it must see what the
-- previous holder of the lock committed.
--
-- Locks: An advisory lock on the key, until the end of the transaction. It does not wait.
CREATE OR REPLACE FUNCTION open_idempotency_key(_digest text, OUT running boolean, OUT stored idempotency_key) LANGUAGE plpgsql AS $$
BEGIN
  running := NOT pg_try_advisory_xact_lock(hashtextextended(_digest, 72707370));
  IF NOT running THEN
    SELECT k.* INTO stored FROM idempotency_key k WHERE k.digest = _digest AND k.created_at > clock_timestamp() - idempotency_key_lifetime();
  END IF;
END $$;
