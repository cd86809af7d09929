-- Refuses the id of a webhook that does not exist, and locks one that does.
--
-- Locks: The webhook.
-- Raises: webhook-not-found
CREATE OR REPLACE FUNCTION refuse_unknown_webhook(_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM webhook w WHERE w.id = _id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('webhook-not-found', jsonb_build_object('webhook_id', _id, 'parameter', 'id'));
  END IF;
END $$;
