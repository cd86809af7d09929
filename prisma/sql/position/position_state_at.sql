-- Returns the slots of a device as of a revision, read from the log. `reserved` is null: the log does not say which
-- slots were reserved.
CREATE OR REPLACE FUNCTION position_state_at(_device text, _revision bigint)
RETURNS TABLE (slot integer, empty boolean, container text, container_id uuid, occupied_by text, deep_well_suited boolean,
  disposes boolean, labware_types jsonb, max_height_mm double precision, reserved jsonb)
LANGUAGE sql STABLE AS $$
  WITH standing AS MATERIALIZED (
    SELECT s.position, s.barcode, s.id, 'container' AS part FROM container_state_at(_revision) s WHERE s.device = _device
    UNION ALL
    SELECT (s.lid->>'position')::integer, NULL, s.id, 'lid' FROM container_state_at(_revision) s WHERE s.lid->>'device' = _device
  )
  SELECT slot.number, s.id IS NULL, s.barcode, s.id, s.part, coalesce((known.after->>'deep_well_suited')::boolean, false),
    coalesce((known.after->>'disposes')::boolean, d.disposes), nullif(known.after->'labware_types', 'null'), (known.after->>'max_height_mm')::double precision, NULL::jsonb
  FROM device_state_at(_revision) d
  CROSS JOIN LATERAL generate_series(0, d.capacity - 1) AS slot (number)
  LEFT JOIN standing s ON s.position = slot.number
  LEFT JOIN LATERAL (
    SELECT e.after FROM event e
    WHERE e.device_id = d.id AND e.kind = 'position-updated' AND (e.after->>'position')::integer = slot.number AND e.revision <= _revision
    ORDER BY e.revision DESC LIMIT 1
  ) known ON true
  WHERE d.name = _device AND d.retired_at IS NULL
  ORDER BY slot.number
$$;
