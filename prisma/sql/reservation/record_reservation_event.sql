-- Takes the next revision and records an event of a reservation. It also concerns the other devices of which slots are reserved.
--
-- Locks: The row of `lab`, which is the lab lock.
CREATE OR REPLACE FUNCTION record_reservation_event(_kind text, _device uuid, _before jsonb, _after jsonb, _audit jsonb) RETURNS void LANGUAGE sql AS $$
  SELECT next_revision();
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT l.revision, 0, l.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), _device, _before, _after FROM lab l;
  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT found.id, l.revision, 0
  FROM (SELECT DISTINCT p.value->>'device' AS name FROM jsonb_array_elements(coalesce(_after, _before)->'positions') p) named
  CROSS JOIN LATERAL (SELECT latest_device_named(named.name) AS id OFFSET 0) found CROSS JOIN lab l
  WHERE found.id <> _device
$$;
