-- Returns all containers, or those with the ids in `_only`, as of a revision, read from the log. Places are read by
-- slot, not by name: a device that was renamed since has the name that it had then.
CREATE OR REPLACE FUNCTION container_state_at(_revision bigint, _only uuid[] DEFAULT NULL) RETURNS SETOF container_state LANGUAGE sql STABLE AS $$
  WITH device_then AS MATERIALIZED (
    SELECT id, name FROM device_state_at(_revision)
  ),
  place AS MATERIALIZED (
    SELECT p.id, d.name AS device, p.slot_number AS position FROM position p JOIN device_then d ON d.id = p.device_id
  )
  SELECT known.*
  FROM container c
  CROSS JOIN LATERAL (
    SELECT after, position_id, lid_position_id FROM event
    WHERE container_id = c.id AND revision <= _revision
    ORDER BY revision DESC, ordinal DESC LIMIT 1
  ) e
  JOIN place starting ON starting.id = c.starting_position_id
  LEFT JOIN place body ON body.id = e.position_id
  LEFT JOIN place lid ON lid.id = e.lid_position_id
  LEFT JOIN place last ON last.id = CASE WHEN e.after->>'missing_since' IS NOT NULL THEN last_position_at(c.id, _revision) END
  -- A row of the join, so that it is made once: (jsonb_populate_record(...)).* makes it again for each of its columns.
  CROSS JOIN LATERAL jsonb_populate_record(NULL::container_state, e.after || jsonb_build_object(
    'device', body.device, 'position', body.position, 'starting_device', starting.device,
    'lid', CASE WHEN lid.id IS NOT NULL THEN jsonb_build_object('device', lid.device, 'position', lid.position) END,
    'last_device', last.device, 'last_position', last.position)) AS known
  WHERE _only IS NULL OR c.id = ANY (_only)
$$;
