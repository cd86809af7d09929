-- Gives a webhook another secret. Messages are signed with both for `_overlap_seconds`, and then with the new one only.
--
-- Locks: The webhook.
-- Raises: webhook-not-found
CREATE OR REPLACE FUNCTION renew_webhook_secret(_id uuid, _secret text, _overlap_seconds double precision) RETURNS SETOF webhook_state LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse_unknown_webhook(_id);
  PERFORM begin_command();
  UPDATE webhook w SET secret = _secret, previous_secret = w.secret, previous_secret_ends_at = command_time() + _overlap_seconds * interval '1 second',
    version = w.version + 1, updated_at = command_time()
  WHERE w.id = _id;
  RETURN QUERY SELECT * FROM webhook_state w WHERE w.id = _id;
END $$;
