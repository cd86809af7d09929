-- Deletes sessions that have expired, and counts of failures of minutes that are over; some at a time.
--
-- Locks: The rows that it deletes; it skips those that another transaction has locked.
CREATE OR REPLACE FUNCTION prune_sessions() RETURNS void LANGUAGE sql AS $$
  DELETE FROM session WHERE id_sha256 IN (SELECT s.id_sha256 FROM session s WHERE s.expires_at <= now() ORDER BY s.expires_at LIMIT 100 FOR UPDATE SKIP LOCKED);
  DELETE FROM sign_in_failure WHERE network IN (
    SELECT f.network FROM sign_in_failure f WHERE f.began_at <= now() - interval '1 minute' ORDER BY f.began_at LIMIT 100 FOR UPDATE SKIP LOCKED);
$$;
