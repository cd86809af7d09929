-- Reserves free slots. `_input` has the members of ReservationCreate, and id, created_as and id_chosen: whether the client chose
-- the id. The outcome is `created`, or `repeated` (the same id and the same request before, also if that reservation has ended).
-- Expired reservations are deleted first.
--
-- Locks: The lab lock.
-- Raises: id-in-use, device-not-found, labware-type-not-found, no-free-position, labware-does-not-fit
CREATE OR REPLACE FUNCTION create_reservation(_input jsonb, _audit jsonb) RETURNS TABLE (outcome text, reservation jsonb) LANGUAGE plpgsql AS $$
DECLARE
  wanted uuid := (_input->>'id')::uuid;
  count integer := coalesce((_input->>'count')::integer, 1);
  ttl double precision := (_input->>'ttl_seconds')::double precision;
  block integer := CASE WHEN coalesce((_input->>'consecutive')::boolean, false) THEN count ELSE 1 END;
  deep_well boolean := (_input->>'deep_well')::boolean;
  strategy text := coalesce(_input->>'strategy', 'first');
  device uuid;
  chosen uuid[];
  known text;
  type labware_type;
  misfit jsonb;
  -- A lid goes anywhere.
  fits text := CASE _input->>'purpose' WHEN 'container' THEN _input->>'labware_type' END;
  answered jsonb;
BEGIN
  PERFORM lock_lab();
  PERFORM consume_reservation(ARRAY(SELECT rp.position_id FROM reserved_position rp JOIN reservation r ON r.id = rp.reservation_id WHERE r.expires_at <= command_time()));
  SELECT o.created_as, o.reservation INTO known, answered FROM reservation_outcome o WHERE o.reservation_id = wanted;
  IF NOT FOUND THEN
    SELECT r.created_as INTO known FROM reservation r WHERE r.id = wanted;
  END IF;
  IF FOUND THEN
    IF known <> _input->>'created_as' THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', wanted, 'pointer', '/id'));
    END IF;
    RETURN QUERY SELECT 'repeated', coalesce(reservation_snapshot(wanted), answered);
    RETURN;
  END IF;

  IF _input->>'device' IS NOT NULL THEN
    device := require_device(_input->>'device', '/device');
  ELSE
    PERFORM 1 FROM device d WHERE d.type = _input->>'type' AND d.listed AND d.retired_at IS NULL;
    IF NOT FOUND THEN
      PERFORM refuse('device-not-found', jsonb_build_object('type', _input->'type', 'pointer', '/type'));
    END IF;
  END IF;
  IF _input->>'labware_type' IS NOT NULL THEN
    SELECT t.* INTO type FROM labware_type t WHERE t.name = _input->>'labware_type';
    IF type.name IS NULL THEN
      PERFORM refuse('labware-type-not-found', jsonb_build_object('labware_type', _input->'labware_type', 'pointer', '/labware_type'));
    END IF;
  END IF;
  SELECT array_agg(position_id) INTO chosen
  FROM (
    SELECT unnest(b.positions) AS position_id FROM free_position_blocks(device, _input->>'type', deep_well, strategy, block, fits) b LIMIT count
  ) best;
  IF coalesce(cardinality(chosen), 0) < count THEN
    IF fits IS NOT NULL THEN
      -- Whether there are enough slots for something else.
      SELECT array_agg(position_id) INTO chosen
      FROM (
        SELECT unnest(b.positions) AS position_id FROM free_position_blocks(device, _input->>'type', deep_well, strategy, block, NULL) b LIMIT count
      ) best;
      IF cardinality(chosen) = count THEN
        SELECT labware_misfit(type, position_id) INTO misfit FROM unnest(chosen) AS position_id WHERE labware_misfit(type, position_id) IS NOT NULL LIMIT 1;
        PERFORM refuse('labware-does-not-fit', (coalesce(misfit, '{}') - 'position' - 'device') || jsonb_strip_nulls(jsonb_build_object('labware_type', type.name,
          'device', _input->'device', 'type', _input->'type', 'pointer', '/labware_type', 'wanted', count,
          'free', (SELECT count(*) FROM free_position_blocks(device, _input->>'type', deep_well, strategy, 1, fits)))));
      END IF;
    END IF;
    PERFORM refuse('no-free-position', jsonb_strip_nulls(jsonb_build_object(
      'device', _input->'device', 'type', _input->'type', 'pointer', CASE WHEN device IS NULL THEN '/type' ELSE '/device' END, 'wanted', count,
      'free', (SELECT count(*) FROM free_position_blocks(device, _input->>'type', deep_well, strategy, 1, fits))))
      || coalesce((SELECT jsonb_build_object('positions', count(*), 'disposing', count(*)) FROM position p WHERE p.device_id = device AND p.retired_at IS NULL HAVING bool_and(p.disposes)), '{}'));
  END IF;

  INSERT INTO reservation (id, purpose, owner, ttl_seconds, expires_at, created_as, created_at, updated_at)
  VALUES (wanted, _input->>'purpose', _input->>'owner', ttl, command_time() + ttl * interval '1 second', _input->>'created_as', command_time(), command_time());
  INSERT INTO reserved_position (position_id, reservation_id) SELECT position_id, wanted FROM unnest(chosen) AS position_id;
  PERFORM record_reservation_event('position-reserved', first_reserved_device(wanted), NULL, reservation_snapshot(wanted), _audit);
  answered := reservation_snapshot(wanted);
  IF (_input->>'id_chosen')::boolean THEN
    INSERT INTO reservation_outcome (reservation_id, created_as, reservation) VALUES (wanted, _input->>'created_as', answered);
  END IF;
  RETURN QUERY SELECT 'created', answered;
END $$;
