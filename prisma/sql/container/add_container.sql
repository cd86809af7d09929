-- Adds one container to the platform. `_input` has the members of ContainerCreate, and id, name and created_as. The
-- outcome is `created`, `repeated` (the same id and the same request before) or `adopted` (the slot has a container,
-- and the request accepts it). `id_is_own` says that the client chose the id: a retry then gets the container that was
-- adopted first, wherever it is. `_base` is the JSON pointer of the input in the request. `lowest` says for each device
-- (with a reservation: for both) below which slot none is free, as the inputs before found; see lowest_key.
--
-- Locks: The caller holds the lab lock.
-- Raises: id-in-use, barcode-in-use, and what choose_position and place_in_position raise.
CREATE OR REPLACE FUNCTION add_container(_input jsonb, _revision bigint, _ordinal integer, _base text, _audit jsonb, INOUT lowest jsonb, OUT id uuid, OUT outcome text)
LANGUAGE plpgsql AS $$
DECLARE
  wanted_id uuid := (_input->>'id')::uuid;
  target uuid;
  known text;
  type labware_type;
  body_key text := lowest_key(_input->>'device', _input->>'reservation_id');
  lid_key text := lowest_key(_input->'lid'->>'device', _input->>'lid_reservation_id');
  lid_target uuid;
BEGIN
  SELECT c.created_as INTO known FROM container c WHERE c.id = wanted_id;
  IF FOUND THEN
    IF known IS DISTINCT FROM _input->>'created_as' THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', wanted_id, 'pointer', _base || '/id'));
    END IF;
    id := wanted_id; outcome := 'repeated';
    RETURN;
  END IF;
  SELECT a.target_id, a.created_as INTO id, known FROM adopted_id a WHERE a.id = wanted_id;
  IF FOUND THEN
    IF known <> _input->>'created_as' THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', wanted_id, 'pointer', _base || '/id'));
    END IF;
    outcome := 'adopted';
    RETURN;
  END IF;

  SELECT t.* INTO type FROM labware_type t WHERE t.name = _input->>'labware_type';
  -- A slot that is the lowest for one labware type is not so for another.
  body_key := body_key || coalesce(' ' || type.name, '');
  target := choose_position(_input->>'device', (_input->>'position')::integer,
    jsonb_build_object('device', _base || '/device', 'position', _base || '/position', 'reservation', _base || '/reservation_id'),
    (_input->>'reservation_id')::uuid, type, coalesce((lowest->body_key)::integer, 0));
  IF _input->'position' IS NULL OR _input->'position' = 'null' THEN
    lowest := lowest || jsonb_build_object(body_key, (SELECT p.slot_number FROM position p WHERE p.id = target));
  END IF;
  IF _input->>'if_occupied' = 'adopt' THEN
    SELECT pl.container_id INTO id FROM placement pl WHERE pl.position_id = target AND pl.part = 'body';
    IF FOUND THEN
      IF (_input->>'id_is_own')::boolean THEN
        INSERT INTO adopted_id (id, target_id, created_as, created_at) VALUES (wanted_id, id, _input->>'created_as', command_time());
      END IF;
      outcome := 'adopted';
      RETURN;
    END IF;
  END IF;

  PERFORM refuse_barcode_in_use(_input->>'barcode', wanted_id, _base || '/barcode');

  INSERT INTO container (id, name, barcode, labware_type, labware_uuid, content, filled, is_reagent, lidded,
    starting_position_id, created_as, created_at, updated_at)
  VALUES (wanted_id, _input->>'name', _input->>'barcode', _input->>'labware_type', (_input->>'labware_uuid')::uuid, _input->>'content',
    coalesce((_input->>'filled')::boolean, true), coalesce((_input->>'is_reagent')::boolean, false),
    coalesce((_input->>'lidded')::boolean, false), target, _input->>'created_as', command_time(), command_time());
  PERFORM place_in_position(wanted_id, 'body', target, _base || '/position', (_input->>'reservation_id')::uuid);
  IF _input->'lid' IS NOT NULL AND jsonb_typeof(_input->'lid') = 'object' THEN
    IF (_input->>'lid_reservation_id') IS NULL THEN
      PERFORM refuse_waste(lookup_waste(_input->'lid'->>'device', (_input->'lid'->>'position')::integer), _base || '/lid/device');
    END IF;
    lid_target := choose_position(_input->'lid'->>'device', (_input->'lid'->>'position')::integer,
      jsonb_build_object('device', _base || '/lid/device', 'position', _base || '/lid/position', 'reservation', _base || '/lid_reservation_id'),
      (_input->>'lid_reservation_id')::uuid, NULL, coalesce((lowest->lid_key)::integer, 0));
    IF _input->'lid'->'position' IS NULL OR _input->'lid'->'position' = 'null' THEN
      lowest := lowest || jsonb_build_object(lid_key, (SELECT p.slot_number FROM position p WHERE p.id = lid_target));
    END IF;
    PERFORM place_in_position(wanted_id, 'lid', lid_target, _base || '/lid/position', (_input->>'lid_reservation_id')::uuid);
  END IF;
  PERFORM record_container_event(_revision, _ordinal, 'added', wanted_id, NULL, _audit);
  id := wanted_id; outcome := 'created';
END $$;
