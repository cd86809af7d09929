-- Gives an instance the webhooks that have something to deliver and that no other instance has, for so many seconds. Returns their ids. `_active` are
-- those that it delivers just now; others that it has are those of which it lost sight when a statement failed.
--
-- Locks: The webhooks, without waiting for any.
CREATE OR REPLACE FUNCTION lease_webhooks(_holder uuid, _seconds double precision, _active uuid[]) RETURNS SETOF uuid LANGUAGE sql AS $$
  UPDATE webhook w SET leased_by = _holder, leased_until = command_time() + _seconds * interval '1 second'
  WHERE w.id IN (
    SELECT waiting.id FROM webhook waiting CROSS JOIN lab l
    WHERE waiting.id <> ALL (_active) AND (waiting.leased_until IS NULL OR waiting.leased_until <= command_time() OR waiting.leased_by = _holder)
      AND (waiting.test_id IS NOT NULL OR (waiting.disabled_at IS NULL AND waiting.due_at <= command_time() AND waiting.cursor_revision <= l.revision))
    FOR UPDATE OF waiting SKIP LOCKED)
  RETURNING w.id
$$;
