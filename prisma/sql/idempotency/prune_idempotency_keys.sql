-- Deletes stored responses: those that are too old and, of an actor that keeps more than `_most_kept` or more than `_most_bytes`,
-- the oldest. Returns how many there were. It runs beside requests; what it does not reach comes the next time.
--
-- Locks: The rows that it deletes; it skips those that another transaction has locked.
CREATE OR REPLACE FUNCTION prune_idempotency_keys(_most_kept integer, _most_bytes bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  expired integer;
  surplus integer;
BEGIN
  DELETE FROM idempotency_key WHERE digest IN (
    SELECT digest FROM idempotency_key WHERE created_at <= clock_timestamp() - idempotency_key_lifetime()
    ORDER BY created_at LIMIT 10000 FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS expired = ROW_COUNT;
  DELETE FROM idempotency_key WHERE digest IN (
    SELECT digest FROM idempotency_key WHERE digest IN (
      SELECT k.digest FROM (
        SELECT i.digest, row_number() OVER newest AS kept, sum(coalesce(octet_length(i.body), octet_length(i.body_gzip), 0) + 200) OVER newest AS bytes
        FROM idempotency_key i WINDOW newest AS (PARTITION BY i.actor ORDER BY i.created_at DESC, i.digest)
      ) k WHERE k.kept > _most_kept OR k.bytes > _most_bytes LIMIT 10000)
    FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS surplus = ROW_COUNT;
  RETURN expired + surplus;
END $$;
