-- Changes the members that `_input` has: { url, kinds, device, description, disabled }. Another address, or being switched on, also ends the
-- wait for the next attempt. Switching on and off is an event. The same values again change nothing.
--
-- Locks: The webhook, then the lab if it is switched on or off.
-- Raises: webhook-not-found, device-not-found
CREATE OR REPLACE FUNCTION update_webhook(_id uuid, _input jsonb, _audit jsonb) RETURNS SETOF webhook_state LANGUAGE plpgsql AS $$
DECLARE
  known webhook;
  wanted webhook;
  before jsonb;
BEGIN
  PERFORM refuse_unknown_webhook(_id);
  PERFORM begin_command();
  SELECT * INTO known FROM webhook w WHERE w.id = _id;
  before := webhook_snapshot(_id);
  wanted := known;
  IF _input ? 'url' THEN wanted.url := _input->>'url'; END IF;
  IF _input ? 'kinds' THEN wanted.kinds := webhook_kinds(_input->'kinds'); END IF;
  IF _input ? 'description' THEN wanted.description := _input->>'description'; END IF;
  IF _input ? 'device' THEN
    wanted.device_id := CASE WHEN _input->>'device' IS NOT NULL THEN require_device(_input->>'device', '/device') END;
  END IF;
  IF (_input->>'disabled')::boolean IS TRUE AND known.disabled_at IS NULL THEN
    wanted.disabled_at := command_time();
    wanted.disabled_because := 'requested';
  ELSIF (_input->>'disabled')::boolean IS FALSE THEN
    wanted.disabled_at := NULL;
    wanted.disabled_because := NULL;
  END IF;
  IF wanted IS NOT DISTINCT FROM known THEN
    RETURN QUERY SELECT * FROM webhook_state w WHERE w.id = _id;
    RETURN;
  END IF;
  IF wanted.url <> known.url OR (wanted.disabled_at IS NULL AND known.disabled_at IS NOT NULL) THEN
    wanted.failures := 0;
    wanted.due_at := command_time();
  END IF;
  UPDATE webhook w SET url = wanted.url, kinds = wanted.kinds, device_id = wanted.device_id, description = wanted.description, disabled_at = wanted.disabled_at,
    disabled_because = wanted.disabled_because, failures = wanted.failures, due_at = wanted.due_at, version = w.version + 1, updated_at = command_time()
  WHERE w.id = _id;
  IF (wanted.disabled_at IS NULL) <> (known.disabled_at IS NULL) THEN
    PERFORM record_webhook_event(CASE WHEN wanted.disabled_at IS NULL THEN 'webhook-enabled' ELSE 'webhook-disabled' END, _id, before, _audit);
  END IF;
  RETURN QUERY SELECT * FROM webhook_state w WHERE w.id = _id;
END $$;
