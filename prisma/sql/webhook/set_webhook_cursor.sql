-- Lets a webhook deliver from the beginning of a revision on, or from where it is if that is null, and at once. The revision after the newest one leaves out what waits. Returns nothing, and changes nothing, for a later one.
--
-- Locks: The webhook.
-- Raises: webhook-not-found
CREATE OR REPLACE FUNCTION set_webhook_cursor(_id uuid, _revision bigint) RETURNS SETOF webhook_state LANGUAGE plpgsql AS $$
DECLARE
  newest bigint := lab_revision();
BEGIN
  PERFORM refuse_unknown_webhook(_id);
  IF _revision > newest + 1 THEN
    RETURN;
  END IF;
  PERFORM begin_command();
  UPDATE webhook w SET cursor_revision = coalesce(_revision, w.cursor_revision), cursor_ordinal = CASE WHEN _revision IS NULL THEN w.cursor_ordinal ELSE 0 END,
    failures = 0, due_at = command_time()
  WHERE w.id = _id;
  RETURN QUERY SELECT * FROM webhook_state w WHERE w.id = _id;
END $$;
