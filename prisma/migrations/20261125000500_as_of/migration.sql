-- The state as of any revision, read from the log alone: of each thing the image that its last event left. Where it was is
-- told by slots, not by names, so that a device renamed since has the name it had then.

CREATE INDEX event_device_image_idx ON event (device_id, revision DESC, ordinal DESC) WHERE (kind LIKE 'device-%' OR kind LIKE 'certificate-%');
CREATE INDEX event_position_image_idx ON event (device_id, revision DESC) WHERE (kind = 'position-updated');
CREATE INDEX event_barcode_idx ON event ((after->>'barcode'), container_id) WHERE (container_id IS NOT NULL);

-- The revision that was the present one at a time.
CREATE FUNCTION revision_at(_time timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT revision FROM event WHERE recorded_at <= _time ORDER BY recorded_at DESC, revision DESC LIMIT 1), 0)
$$;

CREATE FUNCTION device_state_at(_revision bigint) RETURNS SETOF device_state LANGUAGE sql STABLE AS $$
  SELECT (jsonb_populate_record(NULL::device_state, e.after)).*
  FROM device d CROSS JOIN LATERAL (
    SELECT after FROM event
    WHERE device_id = d.id AND revision <= _revision AND (kind LIKE 'device-%' OR kind LIKE 'certificate-%')
    ORDER BY revision DESC, ordinal DESC LIMIT 1
  ) e
$$;

-- Of all containers, or of those with these ids.
CREATE FUNCTION container_state_at(_revision bigint, _only uuid[] DEFAULT NULL) RETURNS SETOF container_state LANGUAGE sql STABLE AS $$
  WITH device_then AS MATERIALIZED (
    SELECT id, name FROM device_state_at(_revision)
  ),
  place AS MATERIALIZED (
    SELECT p.id, d.name AS device, p.slot_number AS position FROM position p JOIN device_then d ON d.id = p.device_id
  )
  SELECT (jsonb_populate_record(NULL::container_state, e.after || jsonb_build_object(
    'device', body.device, 'position', body.position, 'starting_device', starting.device,
    'lid', CASE WHEN lid.id IS NOT NULL THEN jsonb_build_object('device', lid.device, 'position', lid.position) END))).*
  FROM container c
  CROSS JOIN LATERAL (
    SELECT after, position_id, lid_position_id FROM event
    WHERE container_id = c.id AND revision <= _revision
    ORDER BY revision DESC, ordinal DESC LIMIT 1
  ) e
  JOIN place starting ON starting.id = c.starting_position_id
  LEFT JOIN place body ON body.id = e.position_id
  LEFT JOIN place lid ON lid.id = e.lid_position_id
  WHERE _only IS NULL OR c.id = ANY (_only)
$$;

CREATE FUNCTION position_state_at(_device text, _revision bigint)
RETURNS TABLE (slot integer, empty boolean, container text, container_id uuid, occupied_by text, deep_well_suited boolean, reserved jsonb)
LANGUAGE sql STABLE AS $$
  WITH standing AS MATERIALIZED (
    SELECT s.position, s.barcode, s.id, 'container' AS part FROM container_state_at(_revision) s WHERE s.device = _device
    UNION ALL
    SELECT (s.lid->>'position')::integer, NULL, s.id, 'lid' FROM container_state_at(_revision) s WHERE s.lid->>'device' = _device
  )
  SELECT slot.number, s.id IS NULL, s.barcode, s.id, s.part, coalesce(known.deep_well_suited, false), NULL::jsonb
  FROM device_state_at(_revision) d
  CROSS JOIN LATERAL generate_series(0, d.capacity - 1) AS slot (number)
  LEFT JOIN standing s ON s.position = slot.number
  LEFT JOIN LATERAL (
    SELECT (e.after->>'deep_well_suited')::boolean AS deep_well_suited FROM event e
    WHERE e.device_id = d.id AND e.kind = 'position-updated' AND (e.after->>'position')::integer = slot.number AND e.revision <= _revision
    ORDER BY e.revision DESC LIMIT 1
  ) known ON true
  WHERE d.name = _device AND d.retired_at IS NULL
  ORDER BY slot.number
$$;

-- As GET /api/lab has it. Groups and devices stand in the order that the lab file had then.
CREATE FUNCTION lab_state_at(_revision bigint) RETURNS TABLE (revision double precision, totals json, devices json) LANGUAGE sql STABLE AS $$
  WITH container_then AS MATERIALIZED (
    SELECT * FROM container_state_at(_revision)
  ),
  file AS (
    SELECT event.revision, after->'groups' AS groups FROM event
    WHERE kind = 'lab-updated' AND event.revision <= _revision ORDER BY event.revision DESC LIMIT 1
  ),
  named_group AS (
    SELECT g.value->>'name' AS name, g.ordinality AS ordinal, g.value->'devices' AS devices FROM file CROSS JOIN LATERAL jsonb_array_elements(file.groups) WITH ORDINALITY g
  ),
  -- by device, since some were renamed after the file came
  named AS (
    SELECT d.id, n.ordinality AS ordinal
    FROM named_group g CROSS JOIN LATERAL jsonb_array_elements_text(g.devices) WITH ORDINALITY n (name, ordinality)
    JOIN (SELECT d.id, d.name FROM file CROSS JOIN LATERAL device_state_at(file.revision) d WHERE d.retired_at IS NULL) d ON d.name = n.name
  ),
  -- since when each is in its group without a break: one that came after the file is behind those of the file
  arrived AS (
    SELECT e.device_id AS id, max(e.revision) AS revision FROM event e
    WHERE (e.kind LIKE 'device-%' OR e.kind LIKE 'certificate-%') AND e.revision <= _revision
      AND (e.before IS NULL OR e.before->'group' <> e.after->'group' OR e.before->>'retired_at' IS NOT NULL OR NOT (e.before->>'listed')::boolean)
    GROUP BY e.device_id
  ),
  device_then AS (
    SELECT d.name, d."group", d.capacity, g.ordinal AS group_ordinal, a.revision AS arrived,
      CASE WHEN a.revision <= (SELECT file.revision FROM file) THEN n.ordinal END AS ordinal,
      (SELECT count(*) FROM container_then c WHERE c.device = d.name) + (SELECT count(*) FROM container_then c WHERE c.lid->>'device' = d.name) AS occupied,
      (SELECT coalesce(json_agg(json_build_object('id', c.id, 'barcode', c.barcode, 'name', c.name, 'position', c.position,
        'lidded', c.lidded, 'lid', c.lid) ORDER BY c.position), '[]') FROM container_then c WHERE c.device = d.name) AS containers
    FROM device_state_at(_revision) d JOIN arrived a ON a.id = d.id LEFT JOIN named n ON n.id = d.id LEFT JOIN named_group g ON g.name = d."group"
    WHERE d.listed AND d.retired_at IS NULL
  ),
  slots AS (SELECT coalesce(sum(capacity), 0)::integer AS positions, coalesce(sum(occupied), 0)::integer AS occupied, count(*)::integer AS devices FROM device_then)
  SELECT _revision::double precision,
    json_build_object('devices', s.devices, 'positions', s.positions, 'occupied', s.occupied, 'empty', s.positions - s.occupied,
      'utilization', s.occupied::double precision / nullif(s.positions, 0),
      'containers', (SELECT count(*) FROM container_then WHERE removed_at IS NULL),
      'containers_removed', (SELECT count(*) FROM container_then WHERE removed_at IS NOT NULL)),
    (SELECT coalesce(json_agg(json_build_object('name', d.name, 'group', d."group", 'positions', d.capacity, 'occupied', d.occupied, 'containers', d.containers)
       ORDER BY d.group_ordinal, d."group", d.ordinal, d.arrived, d.name), '[]') FROM device_then d)
  FROM slots s
$$;
