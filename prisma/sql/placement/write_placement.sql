-- Writes that a part of a container is in a slot, and counts the use of the slot. It checks nothing: something else
-- in the slot violates the primary key of `placement`, and a reservation is ignored. A missing container is found by it.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION write_placement(_container uuid, _part text, _position uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE placement SET position_id = _position, since = command_time() WHERE container_id = _container AND part = _part;
  IF NOT FOUND THEN
    IF _part = 'body' THEN
      UPDATE container SET missing_since = NULL, last_position_id = NULL WHERE id = _container AND missing_since IS NOT NULL;
    END IF;
    INSERT INTO placement (position_id, container_id, part, since) VALUES (_position, _container, _part, command_time());
  END IF;
  UPDATE position SET uses = uses + 1 WHERE id = _position;
END $$;
