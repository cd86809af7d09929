-- Disposes of a container, which then is off the platform with its lid, or of its lid only, which the container then has no
-- longer. `_place` is where, { device, position }: the event has it, although nothing stands there.
-- `_before` is the snapshot before. Returns the snapshot after, without that place.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION dispose_part(_container uuid, _part text, _place jsonb, _revision bigint, _ordinal integer, _before jsonb, _audit jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  after jsonb;
BEGIN
  DELETE FROM placement WHERE container_id = _container AND (_part = 'body' OR part = 'lid');
  UPDATE container SET removed_at = CASE _part WHEN 'body' THEN command_time() END, lidded = lidded AND _part = 'body',
    missing_since = CASE _part WHEN 'lid' THEN missing_since END, last_position_id = CASE _part WHEN 'lid' THEN last_position_id END, version = version + 1, updated_at = command_time()
  WHERE id = _container;
  after := container_snapshot(_container);
  PERFORM record_container_event(_revision, _ordinal, 'disposed', _container, _before, _audit,
    after || CASE _part WHEN 'body' THEN _place ELSE jsonb_build_object('lid', _place) END);
  RETURN after;
END $$;
