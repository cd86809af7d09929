-- Records that a webhook was switched on or off, as a revision.
--
-- Locks: The lab lock.
CREATE OR REPLACE FUNCTION record_webhook_event(_kind text, _id uuid, _before jsonb, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  this_revision bigint := next_revision();
BEGIN
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, was, became)
  SELECT this_revision, 0, l.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), _before, webhook_snapshot(_id) FROM lab l;
END $$;
