-- Deletes a webhook and its attempts.
--
-- Locks: The webhook.
-- Raises: webhook-not-found
CREATE OR REPLACE FUNCTION delete_webhook(_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse_unknown_webhook(_id);
  DELETE FROM webhook_attempt a WHERE a.webhook_id = _id;
  DELETE FROM webhook w WHERE w.id = _id;
END $$;
