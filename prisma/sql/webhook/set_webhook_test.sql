-- Asks for a test message, in place of one that was not sent yet.
--
-- Locks: The webhook.
-- Raises: webhook-not-found
CREATE OR REPLACE FUNCTION set_webhook_test(_id uuid, _test uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse_unknown_webhook(_id);
  UPDATE webhook w SET test_id = _test WHERE w.id = _id;
END $$;
