-- Ends a reservation before it expires.
--
-- Locks: The lab lock.
-- Raises: reservation-not-found
CREATE OR REPLACE FUNCTION release_reservation(_id uuid, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
  device uuid := first_reserved_device(_id);
BEGIN
  PERFORM lock_lab();
  PERFORM refuse_unknown_reservation(_id, '{"parameter": "id"}');
  before := reservation_snapshot(_id);
  PERFORM consume_reservation(ARRAY(SELECT position_id FROM reserved_position WHERE reservation_id = _id));
  PERFORM record_reservation_event('reservation-released', device, before, NULL, _audit);
END $$;
