-- Records that a webhook was switched on or off, as a revision.
--
-- Locks: The lab lock.
CREATE OR REPLACE FUNCTION record_webhook_event(_kind text, _id uuid, _before jsonb, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  this_revision bigint := next_revision();
BEGIN
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, before, after)
  SELECT this_revision, 0, l.recorded_at, _kind, _audit->>'actor', _audit->>'reason', _audit->>'request_id', _before, webhook_snapshot(_id) FROM lab l;
END $$;
