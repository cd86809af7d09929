-- Read models: each view's columns are the members of the thing as the API shows it, so a row needs no mapper.

CREATE VIEW container_state AS
SELECT
  c.id, c.name, c.barcode,
  body_device.name AS device, body_position.slot_number AS position,
  starting_device.name AS starting_device, starting_position.slot_number AS starting_position,
  c.lidded,
  CASE WHEN lid.position_id IS NOT NULL
    THEN jsonb_build_object('device', lid_device.name, 'position', lid_position.slot_number) END AS lid,
  c.filled, c.content, c.labware_type, c.labware_uuid, c.is_reagent,
  c.removed_at, c.created_at, c.updated_at, c.version
FROM container c
JOIN position starting_position ON starting_position.id = c.starting_position_id
JOIN device starting_device ON starting_device.id = starting_position.device_id
LEFT JOIN placement body ON body.container_id = c.id AND body.part = 'body'
LEFT JOIN position body_position ON body_position.id = body.position_id
LEFT JOIN device body_device ON body_device.id = body_position.device_id
LEFT JOIN placement lid ON lid.container_id = c.id AND lid.part = 'lid'
LEFT JOIN position lid_position ON lid_position.id = lid.position_id
LEFT JOIN device lid_device ON lid_device.id = lid_position.device_id;

CREATE VIEW position_state AS
SELECT
  p.id, p.device_id, d.name AS device, p.slot_number AS position,
  pl.position_id IS NULL AS empty,
  CASE WHEN pl.part = 'body' THEN c.barcode END AS container,
  c.id AS container_id,
  CASE pl.part WHEN 'body' THEN 'container' WHEN 'lid' THEN 'lid' END AS occupied_by,
  p.deep_well_suited
FROM position p
JOIN device d ON d.id = p.device_id
LEFT JOIN placement pl ON pl.position_id = p.id
LEFT JOIN container c ON c.id = pl.container_id
WHERE p.retired_at IS NULL AND d.retired_at IS NULL;

CREATE VIEW device_state AS
SELECT
  id, name, "group", type, description, uri, capacity, process_capacity, min_capacity, allows_overlap, extra,
  server_certificate IS NOT NULL AS has_certificate, listed, retired_at, created_at, updated_at, version
FROM device;

CREATE VIEW experiment_state AS
SELECT
  e.id, e.process_id, jsonb_build_object('id', p.id, 'name', p.name) AS process, e.name, e.status, e.metadata,
  jsonb_build_object('total', s.total, 'completed', s.completed, 'failed', s.failed, 'aborted', s.aborted, 'running', s.running) AS steps,
  s.first_start, s.last_finish,
  extract(epoch FROM (s.last_finish - s.first_start))::double precision AS duration_seconds,
  e.created_at, e.updated_at, e.version
FROM experiment e
JOIN process p ON p.id = e.process_id
CROSS JOIN LATERAL (
  SELECT
    count(*)::integer AS total,
    (count(*) FILTER (WHERE step.status = 'completed'))::integer AS completed,
    (count(*) FILTER (WHERE step.status = 'failed'))::integer AS failed,
    (count(*) FILTER (WHERE step.status = 'aborted'))::integer AS aborted,
    (count(*) FILTER (WHERE step.status = 'running'))::integer AS running,
    min(step.start) AS first_start,
    max(step.finish) AS last_finish
  FROM step WHERE step.experiment_id = e.id
) s;

CREATE VIEW step_state AS
SELECT
  s.id, s.kind, s.name, s.fct, d.name AS device, s.data, s.start, s.finish, s.status, s.duration_seconds,
  s.experiment_id, s.experiment_named, s.is_simulation,
  CASE WHEN s.origin_device_id IS NOT NULL
    THEN jsonb_build_object('device', o.name, 'position', s.origin_position) END AS origin,
  CASE WHEN s.destination_device_id IS NOT NULL
    THEN jsonb_build_object('device', t.name, 'position', s.destination_position) END AS destination,
  s.lidded_before, s.lidded_after, s.barcode_read,
  coalesce(c.containers, '[]') AS containers,
  s.warnings, s.created_at, s.updated_at, s.version
FROM step s
JOIN device d ON d.id = s.device_id
LEFT JOIN device o ON o.id = s.origin_device_id
LEFT JOIN device t ON t.id = s.destination_device_id
LEFT JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object(
    'id', sc.container_id,
    -- not a join: for that the planner would read all containers, a step at a time, as long as it knows no statistics
    'barcode', (SELECT barcode FROM container WHERE id = sc.container_id),
    'named', sc.named) ORDER BY sc.ordinal) AS containers
  FROM step_container sc WHERE sc.step_id = s.id
) c ON true;
