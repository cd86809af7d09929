-- A step as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW step_state AS
SELECT
  s.id, s.kind, s.name, s.fct, d.name AS device, s.data, s.start, s.finish, s.status, s.duration_seconds,
  s.paused_at, coalesce(s.paused_seconds, 0) AS paused_seconds, active_seconds(s.duration_seconds, s.paused_seconds) AS active_seconds,
  s.experiment_id, s.experiment_named, s.is_simulation,
  CASE WHEN s.origin_device_id IS NOT NULL
    THEN jsonb_build_object('device', o.name, 'position', s.origin_position) END AS origin,
  CASE WHEN s.destination_device_id IS NOT NULL
    THEN jsonb_build_object('device', t.name, 'position', s.destination_position) END AS destination,
  s.lidded_before, s.lidded_after, s.barcode_read,
  CASE WHEN s.container_named IS NOT NULL
    -- A subquery, not a join: without statistics the planner would read all containers for each step of a join.
    THEN jsonb_build_array(jsonb_build_object('id', s.container_id, 'barcode', (SELECT barcode FROM container WHERE id = s.container_id), 'named', s.container_named))
    ELSE coalesce((
      SELECT jsonb_agg(jsonb_build_object('id', sc.container_id, 'barcode', (SELECT barcode FROM container WHERE id = sc.container_id), 'named', sc.named) ORDER BY sc.ordinal)
      FROM step_container sc WHERE sc.step_id = s.id), '[]') END AS containers,
  s.attempt, s.expected_seconds, s.error, s.session,
  s.excluded_from_estimates,
  s.warnings, s.created_at, s.updated_at, s.version
FROM step s
JOIN device d ON d.id = s.device_id
LEFT JOIN device o ON o.id = s.origin_device_id
LEFT JOIN device t ON t.id = s.destination_device_id;
