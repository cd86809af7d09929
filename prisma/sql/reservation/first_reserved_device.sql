-- Returns the device of the first slot of a reservation. The log lists the events of the reservation under this
-- device.
CREATE OR REPLACE FUNCTION first_reserved_device(_reservation uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT p.device_id FROM reserved_position rp JOIN position p ON p.id = rp.position_id JOIN device d ON d.id = p.device_id
  WHERE rp.reservation_id = _reservation ORDER BY d.name, p.slot_number LIMIT 1
$$;
