-- Asks for a test message. Returns its id: `_test`, or that of a message that was asked for before and not sent yet.
--
-- Locks: The webhook.
-- Raises: webhook-not-found
CREATE OR REPLACE FUNCTION set_webhook_test(_id uuid, _test uuid) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  waiting uuid;
BEGIN
  PERFORM refuse_unknown_webhook(_id);
  UPDATE webhook w SET test_id = coalesce(w.test_id, _test) WHERE w.id = _id RETURNING w.test_id INTO waiting;
  RETURN waiting;
END $$;
