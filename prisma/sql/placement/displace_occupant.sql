-- Moves a thing that is in the way of a correction: off the platform if `_to` is "remove", otherwise to the place {
-- device, position }, which may dispose of it. For a lid, "remove" means that nobody knows where the lid is.
--
-- Locks: The caller holds the lab lock.
-- Raises: device-not-found, position-not-found, position-occupied
CREATE OR REPLACE FUNCTION displace_occupant(_thing placement, _to jsonb, _revision bigint, _ordinal integer, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before jsonb := container_snapshot(_thing.container_id);
  target uuid;
  there placement;
BEGIN
  IF _to = '"remove"' THEN
    DELETE FROM placement WHERE container_id = _thing.container_id AND (_thing.part = 'body' OR part = 'lid');
    UPDATE container SET removed_at = CASE _thing.part WHEN 'body' THEN command_time() ELSE removed_at END, version = version + 1, updated_at = command_time()
    WHERE id = _thing.container_id;
    PERFORM record_container_event(_revision, _ordinal, CASE _thing.part WHEN 'body' THEN 'removed' ELSE 'corrected' END, _thing.container_id, before, _audit);
    RETURN;
  END IF;
  IF lookup_waste(_to->>'device', (_to->>'position')::integer) IS NOT NULL THEN
    PERFORM dispose_part(_thing.container_id, _thing.part, lookup_waste(_to->>'device', (_to->>'position')::integer), _revision, _ordinal, before, _audit);
    RETURN;
  END IF;
  target := require_position(_to->>'device', (_to->>'position')::integer, '{"device": "/displace/device", "position": "/displace/position"}');
  SELECT * INTO there FROM placement WHERE position_id = target;
  IF there.container_id IS NOT NULL THEN
    PERFORM refuse_occupied_position(target, '/displace/position');
  END IF;
  PERFORM write_placement(_thing.container_id, _thing.part, target);
  PERFORM bump_container_version(_thing.container_id);
  PERFORM record_container_event(_revision, _ordinal, 'corrected', _thing.container_id, before, _audit);
END $$;
