-- Stores what came of an attempt, and moves the webhook on: to the next event, to the next attempt, or off. `_attempt` is { id, message_id, type,
-- started_at, seconds, delivered, status, error, response }. `_at` is { revision, ordinal } of the event and { cursor_revision, cursor_ordinal } as they were
-- read, null for a test message. If the cursor was moved or the instance has lost the webhook meanwhile, only the attempt is stored.
-- Returns whether the instance goes on with the next event, the failed attempts of this one, and why the webhook was switched off, if it was.
--
-- Locks: The webhook, then the lab if it is switched off.
CREATE OR REPLACE FUNCTION book_webhook_attempt(_holder uuid, _webhook uuid, _attempt jsonb, _at jsonb, _retry_after_seconds double precision, _lease_seconds double precision)
RETURNS TABLE (goes_on boolean, failures integer, disabled_because text) LANGUAGE plpgsql AS $$
DECLARE
  longest_wait CONSTANT double precision := 36000;
  known webhook;
  before jsonb;
  is_delivered boolean := (_attempt->>'delivered')::boolean;
BEGIN
  SELECT * INTO known FROM webhook w WHERE w.id = _webhook FOR UPDATE;
  IF NOT FOUND THEN
    RETURN QUERY SELECT false, 0, NULL::text;
    RETURN;
  END IF;
  PERFORM begin_command();
  INSERT INTO webhook_attempt (id, webhook_id, message_id, type, attempt, started_at, seconds, delivered, status, error, response)
  SELECT (_attempt->>'id')::uuid, _webhook, _attempt->>'message_id', _attempt->>'type', CASE WHEN _at IS NULL THEN 1 ELSE known.failures + 1 END,
    (_attempt->>'started_at')::timestamptz, (_attempt->>'seconds')::double precision, is_delivered, (_attempt->>'status')::integer, _attempt->>'error', _attempt->>'response';
  goes_on := known.leased_by IS NOT DISTINCT FROM _holder;
  failures := known.failures;
  IF _at IS NULL THEN
    UPDATE webhook w SET test_id = NULL WHERE w.id = _webhook AND 'test.' || w.test_id = _attempt->>'message_id';
  ELSIF goes_on AND known.cursor_revision = (_at->>'cursor_revision')::bigint AND known.cursor_ordinal = (_at->>'cursor_ordinal')::integer THEN
    IF is_delivered THEN
      failures := 0;
      UPDATE webhook w SET cursor_revision = (_at->>'revision')::bigint, cursor_ordinal = (_at->>'ordinal')::integer + 1, failures = 0, due_at = command_time(),
        leased_until = command_time() + _lease_seconds * interval '1 second'
      WHERE w.id = _webhook;
    ELSE
      goes_on := false;
      failures := known.failures + 1;
      disabled_because := CASE WHEN (_attempt->>'status')::integer = 410 THEN 'gone' WHEN webhook_retry_seconds(failures) IS NULL THEN 'failing' END;
      IF known.disabled_at IS NOT NULL THEN
        disabled_because := NULL;
      END IF;
      before := webhook_snapshot(_webhook);
      UPDATE webhook w SET failures = book_webhook_attempt.failures, leased_by = NULL, leased_until = NULL,
        due_at = command_time() + greatest(webhook_retry_seconds(book_webhook_attempt.failures), least(coalesce(_retry_after_seconds, 0), longest_wait)) * interval '1 second',
        disabled_at = CASE WHEN book_webhook_attempt.disabled_because IS NULL THEN w.disabled_at ELSE command_time() END,
        disabled_because = coalesce(book_webhook_attempt.disabled_because, w.disabled_because),
        version = w.version + CASE WHEN book_webhook_attempt.disabled_because IS NULL THEN 0 ELSE 1 END
      WHERE w.id = _webhook;
      IF disabled_because IS NOT NULL THEN
        PERFORM record_webhook_event('webhook-disabled', _webhook, before, jsonb_build_object('reason',
          CASE disabled_because WHEN 'gone' THEN 'The receiver answered 410.' ELSE format('All %s attempts to deliver a message failed.', failures) END));
      END IF;
    END IF;
  END IF;
  RETURN NEXT;
END $$;
