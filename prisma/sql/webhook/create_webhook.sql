-- Creates a webhook that is told of what happens from now on. `_input` is { id, url, kinds, device, description, secret }.
--
-- Locks: The table `webhook`, against other writers.
-- Raises: device-not-found, id-in-use, too-many-webhooks
CREATE OR REPLACE FUNCTION create_webhook(_input jsonb, _audit jsonb) RETURNS SETOF webhook_state LANGUAGE plpgsql AS $$
DECLARE
  most CONSTANT integer := 100;
  new_id uuid := (_input->>'id')::uuid;
  of_device uuid;
BEGIN
  -- Webhooks are created rarely, so they are created one after another. Then the count below stays true.
  LOCK TABLE webhook IN SHARE ROW EXCLUSIVE MODE;
  IF _input->>'device' IS NOT NULL THEN
    of_device := require_device(_input->>'device', '/device');
  END IF;
  PERFORM begin_command();
  INSERT INTO webhook (id, url, kinds, device_id, description, secret, cursor_revision, due_at, created_at, created_by, updated_at)
  SELECT new_id, _input->>'url', webhook_kinds(_input->'kinds'), of_device, _input->>'description', _input->>'secret', l.revision + 1,
    command_time(), command_time(), _audit->>'actor', command_time()
  FROM lab l
  ON CONFLICT ON CONSTRAINT webhook_pkey DO NOTHING;
  IF NOT FOUND THEN
    PERFORM refuse('id-in-use', jsonb_build_object('id', new_id, 'pointer', '/id'));
  ELSIF (SELECT count(*) FROM webhook) > most THEN
    PERFORM refuse('too-many-webhooks', jsonb_build_object('limit', most));
  END IF;
  RETURN QUERY SELECT * FROM webhook_state w WHERE w.id = new_id;
END $$;
