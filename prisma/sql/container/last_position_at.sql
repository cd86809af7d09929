-- Returns the slot in which a missing container was last, as of a revision: the one that its last event with a slot has, or where it was
-- last in the state that was restored since. Null if neither is known.
CREATE OR REPLACE FUNCTION last_position_at(_container uuid, _revision bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT coalesce(l.position_id, (
    SELECT p.id FROM position p WHERE p.device_id = latest_device_named(l.after->>'last_device') AND p.slot_number = (l.after->>'last_position')::integer))
  FROM event l
  WHERE l.container_id = _container AND l.revision <= _revision AND (l.position_id IS NOT NULL OR l.kind = 'restored')
  ORDER BY l.revision DESC, l.ordinal DESC LIMIT 1
$$;
