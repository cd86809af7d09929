-- Records what a person saw in the lab. A correction may do what other commands refuse: bring back a removed container,
-- find a missing one, say that the lid is on although no command put it on, use a reserved slot. It never violates a
-- constraint. `_input` has the members of ContainerCorrection but the reason, which is in `_audit`. What the input does not
-- name stays as it is. What was seen in waste is off the platform; a lid there is gone, and one cannot stay on the platform alone. Returns
-- the snapshot of the container.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, barcode-in-use, position-occupied, device-not-found,
-- position-not-found, position-disposes
CREATE OR REPLACE FUNCTION correct_container(_id uuid, _barcode text, _input jsonb, _audit jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  corrected uuid;
  before jsonb;
  after_barcode text;
  after_lidded boolean;
  body_from uuid;
  lid_from uuid;
  body_to uuid;
  lid_to uuid;
  thing placement;
  moved placement;
  this_revision bigint;
  ordinal integer := 0;
  waste jsonb;
BEGIN
  PERFORM lock_lab();
  corrected := require_container(_id, _barcode);
  before := container_snapshot(corrected);
  SELECT position_id INTO body_from FROM placement WHERE container_id = corrected AND part = 'body';
  SELECT position_id INTO lid_from FROM placement WHERE container_id = corrected AND part = 'lid';
  IF before->>'removed_at' IS NOT NULL AND NOT _input ? 'device' THEN
    PERFORM refuse('container-removed', jsonb_build_object('container', corrected, 'removed_at', before->'removed_at'));
  END IF;

  IF lookup_waste(_input->'lid'->>'device', (_input->'lid'->>'position')::integer) IS NOT NULL THEN
    _input := _input || '{"lid": null, "lidded": false}';
  END IF;
  waste := lookup_waste(_input->>'device', (_input->>'position')::integer);
  IF waste IS NOT NULL THEN
    IF jsonb_typeof(_input->'lid') = 'object' THEN
      PERFORM refuse('position-disposes', waste || jsonb_build_object('lid', _input->'lid', 'pointer', '/lid/device'));
    END IF;
    IF before->>'removed_at' IS NULL THEN
      IF _input->>'barcode' IS NOT NULL THEN
        PERFORM refuse_barcode_in_use(_input->>'barcode', corrected, '/barcode');
      END IF;
      IF _input ? 'barcode' THEN
        UPDATE container SET barcode = _input->>'barcode', name = relabelled_name(name, barcode, _input->>'barcode') WHERE id = corrected;
      END IF;
      RETURN dispose_part(corrected, 'body', waste, next_revision(), 0, before, _audit);
    END IF;
    RETURN before;
  END IF;

  body_to := CASE WHEN _input ? 'device'
    THEN require_position(_input->>'device', (_input->>'position')::integer, '{"device": "/device", "position": "/position"}') ELSE body_from END;
  lid_to := CASE jsonb_typeof(_input->'lid')
    WHEN 'object' THEN require_position(_input->'lid'->>'device', (_input->'lid'->>'position')::integer, '{"device": "/lid/device", "position": "/lid/position"}')
    WHEN 'null' THEN NULL ELSE lid_from END;
  after_lidded := CASE WHEN jsonb_typeof(_input->'lid') = 'object' THEN false
    ELSE coalesce((_input->>'lidded')::boolean, (before->>'lidded')::boolean) END;
  IF after_lidded THEN
    lid_to := NULL;
  END IF;
  after_barcode := CASE WHEN _input ? 'barcode' THEN _input->>'barcode' ELSE before->>'barcode' END;
  IF after_barcode IS NOT NULL THEN
    PERFORM refuse_barcode_in_use(after_barcode, corrected, '/barcode');
  END IF;
  IF body_to = lid_to THEN
    IF jsonb_typeof(_input->'lid') = 'object' THEN
      PERFORM refuse_own_position(before, 'container', lid_to, '/lid/position');
    END IF;
    -- Nobody said where its own lid is instead.
    PERFORM refuse_occupied_position(lid_to, '/position');
  END IF;
  IF body_to IS NOT DISTINCT FROM body_from AND lid_to IS NOT DISTINCT FROM lid_from AND after_lidded = (before->>'lidded')::boolean
    AND after_barcode IS NOT DISTINCT FROM before->>'barcode' THEN
    RETURN before;
  END IF;

  this_revision := next_revision();
  -- First free the slots of the container itself, because a displaced thing may go there.
  DELETE FROM placement WHERE container_id = corrected
    AND position_id IS DISTINCT FROM CASE part WHEN 'body' THEN body_to ELSE lid_to END;
  FOR thing IN SELECT * FROM placement WHERE position_id IN (body_to, lid_to) AND container_id <> corrected ORDER BY part, position_id LOOP
    -- The loop has what was there before it began. A container that an earlier pass removed took its lid along.
    PERFORM 1 FROM placement WHERE position_id = thing.position_id AND container_id = thing.container_id AND part = thing.part;
    IF NOT FOUND THEN
      CONTINUE;
    END IF;
    IF _input->'displace' IS NULL THEN
      PERFORM refuse_occupied_position(thing.position_id, CASE thing.position_id WHEN body_to THEN '/position' ELSE '/lid/position' END);
    END IF;
    PERFORM displace_occupant(thing, _input->'displace', this_revision, ordinal, _audit);
    -- The displaced thing must not go where the container or its lid is going to be.
    SELECT * INTO moved FROM placement WHERE position_id IN (body_to, lid_to) AND container_id = thing.container_id AND part = thing.part;
    IF FOUND THEN
      PERFORM refuse_own_position(before, CASE moved.position_id WHEN body_to THEN 'container' ELSE 'lid' END, moved.position_id, '/displace/position');
    END IF;
    ordinal := ordinal + 1;
  END LOOP;
  UPDATE container SET barcode = after_barcode, name = relabelled_name(name, barcode, after_barcode), lidded = after_lidded, removed_at = NULL, version = version + 1, updated_at = command_time()
  WHERE id = corrected;
  IF body_to IS DISTINCT FROM body_from THEN
    PERFORM write_placement(corrected, 'body', body_to);
  END IF;
  IF lid_to IS NOT NULL AND lid_to IS DISTINCT FROM lid_from THEN
    PERFORM write_placement(corrected, 'lid', lid_to);
  END IF;
  RETURN record_container_event(this_revision, ordinal,
    CASE WHEN before->>'missing_since' IS NOT NULL AND body_to IS NOT NULL THEN 'found' ELSE 'corrected' END, corrected, before, _audit);
END $$;
