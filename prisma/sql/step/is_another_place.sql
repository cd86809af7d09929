-- Returns whether the origin or destination that is told about a move, `{ device, position }`, is another one than the stored place. A
-- place that is told without its slot is the same whatever the slot is.
CREATE OR REPLACE FUNCTION is_another_place(_told jsonb, _device uuid, _position integer) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT _told ? 'device' AND (latest_device_named(_told->>'device') IS DISTINCT FROM _device
    OR coalesce((_told->>'position')::integer, _position) IS DISTINCT FROM _position)
$$;
