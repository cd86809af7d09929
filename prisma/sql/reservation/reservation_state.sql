-- A reservation that has not expired, as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW reservation_state AS
SELECT r.id, r.purpose, r.owner,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('device', d.name, 'position', p.slot_number) ORDER BY d.name, p.slot_number), '[]')
   FROM reserved_position rp JOIN position p ON p.id = rp.position_id JOIN device d ON d.id = p.device_id
   WHERE rp.reservation_id = r.id) AS positions,
  r.ttl_seconds, r.expires_at, r.created_at, r.updated_at, r.version
FROM reservation r
WHERE r.expires_at > command_time();
