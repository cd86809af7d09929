-- The reservations that have not expired, one row for each reserved slot.
CREATE OR REPLACE VIEW active_reservation AS
SELECT rp.position_id, r.id, r.owner, r.purpose, r.expires_at
FROM reserved_position rp JOIN reservation r ON r.id = rp.reservation_id
WHERE r.expires_at > command_time();
