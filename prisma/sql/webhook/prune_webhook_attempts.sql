-- Deletes attempts that are older than 30 days and, of a webhook that has more than `_most_kept`, the oldest. Returns how many there were.
-- It runs beside deliveries; what it does not reach comes the next time.
--
-- Locks: The rows that it deletes.
CREATE OR REPLACE FUNCTION prune_webhook_attempts(_most_kept integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  expired integer;
  surplus integer;
BEGIN
  DELETE FROM webhook_attempt WHERE id IN (
    SELECT a.id FROM webhook_attempt a WHERE a.started_at <= command_time() - interval '30 days' ORDER BY a.started_at LIMIT 10000 FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS expired = ROW_COUNT;
  DELETE FROM webhook_attempt WHERE id IN (
    SELECT a.id
    FROM webhook w
    CROSS JOIN LATERAL (SELECT k.id FROM webhook_attempt k WHERE k.webhook_id = w.id ORDER BY k.id DESC OFFSET _most_kept LIMIT 1) beyond
    JOIN webhook_attempt a ON a.webhook_id = w.id AND a.id <= beyond.id
    ORDER BY a.id LIMIT 10000 FOR UPDATE OF a SKIP LOCKED);
  GET DIAGNOSTICS surplus = ROW_COUNT;
  RETURN expired + surplus;
END $$;
