-- Starts the time to live of a reservation again, now, with another length if `_ttl_seconds` is not null.
--
-- Locks: The lab lock.
-- Raises: reservation-not-found
CREATE OR REPLACE FUNCTION renew_reservation(_id uuid, _ttl_seconds double precision, _audit jsonb) RETURNS SETOF reservation_state LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
BEGIN
  PERFORM lock_lab();
  PERFORM refuse_unknown_reservation(_id, '{"parameter": "id"}');
  before := reservation_snapshot(_id);
  UPDATE reservation r SET ttl_seconds = coalesce(_ttl_seconds, r.ttl_seconds),
    expires_at = command_time() + coalesce(_ttl_seconds, r.ttl_seconds) * interval '1 second',
    version = r.version + 1, updated_at = command_time()
  WHERE r.id = _id;
  PERFORM record_reservation_event('reservation-renewed', first_reserved_device(_id), before, reservation_snapshot(_id), _audit);
  RETURN QUERY SELECT * FROM reservation_state s WHERE s.id = _id;
END $$;
