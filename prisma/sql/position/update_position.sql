-- Changes what is known of a slot. `_changes` has the members to change. If the slot does not exist, or nothing
-- changes, nothing happens.
--
-- Locks: The lab lock.
CREATE OR REPLACE FUNCTION update_position(_device text, _slot integer, _changes jsonb, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  changed uuid;
  holder uuid;
  before jsonb;
BEGIN
  PERFORM lock_lab();
  SELECT s.id, s.device_id, to_jsonb(s) INTO changed, holder, before FROM position_state s WHERE s.device = _device AND s.position = _slot;
  IF changed IS NULL OR before @> _changes THEN
    RETURN;
  END IF;
  UPDATE position SET deep_well_suited = coalesce((_changes->>'deep_well_suited')::boolean, deep_well_suited) WHERE id = changed;
  PERFORM next_revision();
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, device_id, before, after)
  SELECT l.revision, 0, l.recorded_at, 'position-updated', _audit->>'actor', _audit->>'reason', _audit->>'request_id', holder, before, to_jsonb(s)
  FROM position_state s CROSS JOIN lab l WHERE s.id = changed;
END $$;
