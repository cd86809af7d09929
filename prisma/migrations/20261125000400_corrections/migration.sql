-- What a person sees counts more than what was tracked: a correction goes past the normal rules (a removed container is back,
-- a lid is on that nobody put on, a promised slot is taken), but never past the constraints. `_by` carries the reason.

-- A thing that is in the way goes elsewhere: off the platform, or to a place. Of a lid "remove" means that nobody knows where it is.
CREATE FUNCTION displace(_thing placement, _to jsonb, _revision bigint, _ordinal integer, _by jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before jsonb := container_image(_thing.container_id);
  target uuid;
  there placement;
BEGIN
  IF _to = '"remove"' THEN
    DELETE FROM placement WHERE container_id = _thing.container_id AND (_thing.part = 'body' OR part = 'lid');
    UPDATE container SET removed_at = CASE _thing.part WHEN 'body' THEN clock_timestamp() END, version = version + 1, updated_at = clock_timestamp()
    WHERE id = _thing.container_id;
    PERFORM record_container_event(_revision, _ordinal, CASE _thing.part WHEN 'body' THEN 'removed' ELSE 'corrected' END, _thing.container_id, before, _by);
    RETURN;
  END IF;
  target := find_position(_to->>'device', (_to->>'position')::integer, '{"device": "/displace/device", "position": "/displace/position"}');
  SELECT * INTO there FROM placement WHERE position_id = target;
  IF there.container_id IS NOT NULL THEN
    PERFORM refuse_occupied(target, '/displace/position');
  END IF;
  PERFORM put(_thing.container_id, _thing.part, target);
  PERFORM touch_container(_thing.container_id);
  PERFORM record_container_event(_revision, _ordinal, 'corrected', _thing.container_id, before, _by);
END $$;

-- _wish has the members of the request but the reason; see ContainerCorrection. What it does not name stays as it is.
CREATE FUNCTION correct_container(_id uuid, _barcode text, _wish jsonb, _by jsonb) RETURNS SETOF container_state LANGUAGE plpgsql AS $$
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
BEGIN
  PERFORM world_lock();
  corrected := find_container(_id, _barcode);
  before := container_image(corrected);
  SELECT position_id INTO body_from FROM placement WHERE container_id = corrected AND part = 'body';
  SELECT position_id INTO lid_from FROM placement WHERE container_id = corrected AND part = 'lid';
  IF before->>'removed_at' IS NOT NULL AND NOT _wish ? 'device' THEN
    PERFORM refuse('container-removed', jsonb_build_object('container', corrected, 'removed_at', before->'removed_at'));
  END IF;

  body_to := CASE WHEN _wish ? 'device'
    THEN find_position(_wish->>'device', (_wish->>'position')::integer, '{"device": "/device", "position": "/position"}') ELSE body_from END;
  lid_to := CASE jsonb_typeof(_wish->'lid')
    WHEN 'object' THEN find_position(_wish->'lid'->>'device', (_wish->'lid'->>'position')::integer, '{"device": "/lid/device", "position": "/lid/position"}')
    WHEN 'null' THEN NULL ELSE lid_from END;
  after_lidded := CASE WHEN jsonb_typeof(_wish->'lid') = 'object' THEN false
    ELSE coalesce((_wish->>'lidded')::boolean, (before->>'lidded')::boolean) END;
  IF after_lidded THEN
    lid_to := NULL;
  END IF;
  after_barcode := CASE WHEN _wish ? 'barcode' THEN _wish->>'barcode' ELSE before->>'barcode' END;
  IF after_barcode IS NOT NULL THEN
    PERFORM refuse_barcode_of_another(after_barcode, corrected, '/barcode');
  END IF;
  IF body_to = lid_to THEN
    PERFORM refuse_own_slot(before, 'container', lid_to, '/lid/position');
  END IF;
  IF body_to IS NOT DISTINCT FROM body_from AND lid_to IS NOT DISTINCT FROM lid_from AND after_lidded = (before->>'lidded')::boolean
    AND after_barcode IS NOT DISTINCT FROM before->>'barcode' THEN
    RETURN QUERY SELECT * FROM container_state s WHERE s.id = corrected;
    RETURN;
  END IF;

  this_revision := next_revision();
  -- its own slots first: what is in the way may go there
  DELETE FROM placement WHERE container_id = corrected
    AND position_id IS DISTINCT FROM CASE part WHEN 'body' THEN body_to ELSE lid_to END;
  FOR thing IN SELECT * FROM placement WHERE position_id IN (body_to, lid_to) AND container_id <> corrected ORDER BY position_id LOOP
    IF _wish->'displace' IS NULL THEN
      PERFORM refuse_occupied(thing.position_id, CASE thing.position_id WHEN body_to THEN '/position' ELSE '/lid/position' END);
    END IF;
    PERFORM displace(thing, _wish->'displace', this_revision, ordinal, _by);
    -- not to where the container or its lid comes to be
    SELECT * INTO moved FROM placement WHERE position_id IN (body_to, lid_to) AND container_id = thing.container_id AND part = thing.part;
    IF FOUND THEN
      PERFORM refuse_own_slot(before, CASE moved.position_id WHEN body_to THEN 'container' ELSE 'lid' END, moved.position_id, '/displace/position');
    END IF;
    ordinal := ordinal + 1;
  END LOOP;
  UPDATE container SET barcode = after_barcode, lidded = after_lidded, removed_at = NULL, version = version + 1, updated_at = clock_timestamp()
  WHERE id = corrected;
  IF body_to IS DISTINCT FROM body_from THEN
    PERFORM put(corrected, 'body', body_to);
  END IF;
  IF lid_to IS NOT NULL AND lid_to IS DISTINCT FROM lid_from THEN
    PERFORM put(corrected, 'lid', lid_to);
  END IF;
  PERFORM record_container_event(this_revision, ordinal, 'corrected', corrected, before, _by);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = corrected;
END $$;
