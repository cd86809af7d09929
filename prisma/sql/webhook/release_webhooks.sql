-- Ends what lease_webhooks gave an instance: one webhook, or all of them if `_id` is null.
--
-- Locks: The webhooks.
CREATE OR REPLACE FUNCTION release_webhooks(_holder uuid, _id uuid) RETURNS void LANGUAGE sql AS $$
  UPDATE webhook w SET leased_by = NULL, leased_until = NULL WHERE w.leased_by = _holder AND (_id IS NULL OR w.id = _id)
$$;
