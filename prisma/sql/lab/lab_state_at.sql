-- Returns the lab as of a revision, with the members of GET /api/lab. Groups and devices are in the order that the
-- lab file had at that revision. `reserved` is null: the log does not say which slots were reserved.
CREATE OR REPLACE FUNCTION lab_state_at(_revision bigint) RETURNS TABLE (revision double precision, totals json, devices json) LANGUAGE sql STABLE AS $$
  WITH container_then AS MATERIALIZED (
    SELECT * FROM container_state_at(_revision)
  ),
  -- By device, so that the work does not grow with containers times devices.
  body_then AS MATERIALIZED (
    SELECT c.device, count(*) AS count, json_agg(json_build_object('id', c.id, 'barcode', c.barcode, 'name', c.name, 'position', c.position,
      'lidded', c.lidded, 'lid', c.lid, 'since', wire_time(come.recorded_at), 'last_event', json_build_object('kind', last.kind, 'recorded_at', wire_time(last.recorded_at)))
      ORDER BY c.position) AS containers
    FROM container_then c
    CROSS JOIN LATERAL (
      SELECT e.kind, e.recorded_at FROM event e WHERE e.container_id = c.id AND e.revision <= _revision ORDER BY e.revision DESC, e.ordinal DESC LIMIT 1
    ) last
    -- The event that brought it there.
    LEFT JOIN LATERAL (
      SELECT e.recorded_at FROM event e
      WHERE e.container_id = c.id AND e.revision <= _revision
        AND (e.before IS NULL OR (e.before->'device', e.before->'position') IS DISTINCT FROM (e.after->'device', e.after->'position'))
      ORDER BY e.revision DESC, e.ordinal DESC LIMIT 1
    ) come ON true
    WHERE c.device IS NOT NULL GROUP BY c.device
  ),
  lid_then AS MATERIALIZED (
    SELECT c.lid->>'device' AS device, count(*) AS count, json_agg(json_build_object('container_id', c.id, 'barcode', c.barcode, 'name', c.name,
      'position', c.lid->'position') ORDER BY (c.lid->>'position')::integer) AS lids
    FROM container_then c WHERE c.lid IS NOT NULL GROUP BY c.lid->>'device'
  ),
  file AS (
    SELECT event.revision, after->'groups' AS groups FROM event
    WHERE kind = 'lab-updated' AND event.revision <= _revision ORDER BY event.revision DESC LIMIT 1
  ),
  named_group AS (
    SELECT g.value->>'name' AS name, g.ordinality AS ordinal, g.value->'devices' AS devices FROM file CROSS JOIN LATERAL jsonb_array_elements(file.groups) WITH ORDINALITY g
  ),
  -- Match by device, not by name: devices may have been renamed after the lab file was stored.
  named AS (
    SELECT d.id, n.ordinality AS ordinal
    FROM named_group g CROSS JOIN LATERAL jsonb_array_elements_text(g.devices) WITH ORDINALITY n (name, ordinality)
    JOIN (SELECT d.id, d.name FROM file CROSS JOIN LATERAL device_state_at(file.revision) d WHERE d.retired_at IS NULL) d ON d.name = n.name
  ),
  -- The revision since which each device is in its group without a break. Devices that came after the lab file follow those of the file.
  arrived AS (
    SELECT e.device_id AS id, max(e.revision) AS revision FROM event e
    WHERE (e.kind LIKE 'device-%' OR e.kind LIKE 'certificate-%') AND e.revision <= _revision
      AND (e.before IS NULL OR e.before->'group' <> e.after->'group' OR e.before->>'retired_at' IS NOT NULL OR NOT (e.before->>'listed')::boolean)
    GROUP BY e.device_id
  ),
  device_then AS (
    SELECT d.name, d."group", d.type, d.extra->'view' AS view, d.capacity, d.disposes, slots.deep_well, waste.list AS waste, d.capacity - json_array_length(waste.list) AS keeping, g.ordinal AS group_ordinal, a.revision AS arrived,
      CASE WHEN a.revision <= (SELECT file.revision FROM file) THEN n.ordinal END AS ordinal,
      coalesce(b.count, 0) + coalesce(l.count, 0) AS occupied, coalesce(b.containers, '[]') AS containers, coalesce(l.lids, '[]') AS lids
    FROM device_state_at(_revision) d JOIN arrived a ON a.id = d.id LEFT JOIN named n ON n.id = d.id LEFT JOIN named_group g ON g.name = d."group"
    LEFT JOIN body_then b ON b.device = d.name LEFT JOIN lid_then l ON l.device = d.name
    -- The slots for which something was set, for themselves or otherwise than for their device.
    CROSS JOIN LATERAL (
      SELECT coalesce(array_agg(last.position) FILTER (WHERE NOT last.disposes), '{}') AS kept,
        coalesce(json_agg(last.position ORDER BY last.position) FILTER (WHERE last.disposes), '[]') AS disposing,
        coalesce(json_agg(last.position ORDER BY last.position) FILTER (WHERE last.deep_well_suited), '[]') AS deep_well
      FROM (
        SELECT DISTINCT ON (e.after->>'position') (e.after->>'position')::integer AS position, (e.after->>'disposes')::boolean AS disposes,
          (e.after->>'deep_well_suited')::boolean AS deep_well_suited FROM event e
        WHERE e.device_id = d.id AND e.kind = 'position-updated' AND e.revision <= _revision AND (e.after->>'position')::integer < d.capacity
        ORDER BY e.after->>'position', e.revision DESC, e.ordinal DESC
      ) last
    ) slots
    CROSS JOIN LATERAL (
      SELECT CASE WHEN d.disposes
        THEN (SELECT coalesce(json_agg(slot.number ORDER BY slot.number), '[]') FROM generate_series(0, d.capacity - 1) AS slot (number) WHERE slot.number <> ALL (slots.kept))
        ELSE slots.disposing END AS list
    ) waste
    WHERE d.listed AND d.retired_at IS NULL
  ),
  slots AS (SELECT coalesce(sum(keeping), 0)::integer AS positions, coalesce(sum(occupied), 0)::integer AS occupied, count(*)::integer AS devices FROM device_then)
  SELECT _revision::double precision,
    json_build_object('devices', s.devices, 'positions', s.positions, 'occupied', s.occupied, 'empty', s.positions - s.occupied,
      'utilization', s.occupied::double precision / nullif(s.positions, 0),
      'containers', (SELECT count(*) FROM container_then WHERE removed_at IS NULL),
      'containers_missing', (SELECT count(*) FROM container_then WHERE missing_since IS NOT NULL),
      'containers_removed', (SELECT count(*) FROM container_then WHERE removed_at IS NOT NULL)),
    (SELECT coalesce(json_agg(json_build_object('name', d.name, 'group', d."group", 'type', d.type, 'view', d.view, 'positions', d.capacity, 'occupied', d.occupied,
         'disposes', d.disposes, 'waste', d.waste, 'deep_well', d.deep_well, 'reserved', NULL, 'containers', d.containers, 'lids', d.lids)
       ORDER BY d.group_ordinal, d."group", d.ordinal, d.arrived, d.name), '[]') FROM device_then d)
  FROM slots s
$$;
