-- Applies one transfer. It is judged by the state at its end: the body and the lid of one container are not in the
-- way of each other if they leave, and anything else is in the way. `_input` has the members of the request, and
-- named and id. With `_collect` it returns everything that is in the way instead of refusing the first thing; then
-- nothing is written. Events are numbered from `_ordinal`, and `events` is how many there were. `before` and `after` are the
-- container's snapshots: equal if nothing changed, and `after` is null if there are findings. `waste` is the place where the container was
-- disposed of, or null.
--
-- Locks: The caller holds the lab lock.
-- Raises: What require_transfer_container, refuse_barcode_mismatch, refuse_lid_mismatch and claim_end_position
-- raise, and position-disposes; with `_collect` nothing.
CREATE OR REPLACE FUNCTION apply_transfer(
  _input jsonb, _base text, _collect boolean, _revision bigint, _ordinal integer, _audit jsonb,
  OUT container_id uuid, OUT before jsonb, OUT after jsonb, OUT events integer, OUT findings jsonb, OUT waste jsonb
) LANGUAGE plpgsql AS $$
DECLARE
  code text;
  members text;
  action text := coalesce(_input->'lid'->>'action', 'keep');
  moves boolean := _input->'target' <> 'null';
  body_from uuid;
  lid_from uuid;
  body_to uuid;
  lid_to uuid;
  lid_waste jsonb;
  changed jsonb;
BEGIN
  findings := '[]';
  events := 0;
  -- Usually the named container is on the platform, and where the request says. Everything else goes to require_transfer_container, which can say what
  -- is wrong.
  container_id := lookup_transfer_container(_input);
  IF container_id IS NOT NULL THEN
    before := container_snapshot(container_id);
    IF before->>'removed_at' IS NOT NULL
      OR (_input->'source' <> 'null'
        AND (before->>'device', before->'position') IS DISTINCT FROM (_input->'source'->>'device', _input->'source'->'position')) THEN
      container_id := NULL;
    END IF;
  END IF;
  IF container_id IS NULL THEN
    BEGIN
      container_id := require_transfer_container(_input, _base);
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || transfer_finding(code, members);
      -- For a container that is elsewhere, the rest of the transfer can still be judged.
      container_id := lookup_transfer_container(_input);
      PERFORM 1 FROM container c WHERE c.id = container_id AND c.removed_at IS NULL;
      IF NOT FOUND THEN
        RETURN;
      END IF;
    END;
    before := container_snapshot(container_id);
  END IF;

  IF _input->>'barcode' IS NOT NULL THEN
    BEGIN
      PERFORM refuse_barcode_mismatch(container_id, _input->>'barcode', _base || '/barcode');
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || transfer_finding(code, members);
    END;
  END IF;

  -- Check where the lid was, if the request says so.
  IF action = 'on' AND NOT (before->>'lidded')::boolean THEN
    BEGIN
      PERFORM refuse_lid_mismatch(before, _input->'lid'->>'device', (_input->'lid'->>'position')::integer, _base || '/lid');
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || transfer_finding(code, members);
    END;
  END IF;

  -- Usually the slot is free. Everything else goes to claim_end_position, which can say what is wrong.
  IF moves AND _input->>'reservation_id' IS NULL THEN
    body_to := lookup_free_position(_input->'target'->>'device', (_input->'target'->>'position')::integer,
      CASE WHEN before->>'labware_type' IS NOT NULL THEN lookup_labware_type(container_id, 'body') END);
    IF body_to IS NULL THEN
      waste := lookup_waste(_input->'target'->>'device', (_input->'target'->>'position')::integer);
    END IF;
  END IF;
  IF action <> 'keep' OR body_to IS NULL THEN
    SELECT (SELECT pl.position_id FROM placement pl WHERE pl.container_id = c.id AND pl.part = 'body'),
      (SELECT pl.position_id FROM placement pl WHERE pl.container_id = c.id AND pl.part = 'lid')
    INTO body_from, lid_from FROM container c WHERE c.id = apply_transfer.container_id;
  END IF;
  IF action = 'off' AND _input->>'lid_reservation_id' IS NULL THEN
    lid_waste := lookup_waste(_input->'lid'->>'device', (_input->'lid'->>'position')::integer);
  END IF;

  -- A lid is on the platform only with its container.
  IF waste IS NOT NULL AND action = 'off' AND lid_waste IS NULL THEN
    code := 'position-disposes';
    members := (waste || jsonb_build_object('lid', jsonb_build_object('device', _input->'lid'->'device', 'position', _input->'lid'->'position'), 'pointer', _base || '/lid/device'))::text;
    IF NOT _collect THEN
      PERFORM refuse(code, members::jsonb);
    END IF;
    findings := findings || transfer_finding(code, members);
  END IF;

  IF moves AND body_to IS NULL AND waste IS NULL THEN
    BEGIN
      body_to := claim_end_position(container_id, 'body', _input->'target'->>'device', (_input->'target'->>'position')::integer,
        CASE WHEN action <> 'keep' THEN lid_from END, NULL,
        jsonb_build_object('device', _base || '/target/device', 'position', _base || '/target/position', 'reservation', _base || '/reservation_id'),
        (_input->>'reservation_id')::uuid);
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || transfer_finding(code, members);
    END;
  END IF;

  IF before->>'missing_since' IS NOT NULL AND _input->'step'->>'kind' = 'move' THEN
    BEGIN
      PERFORM refuse_move_from_nowhere(before, _input->'step', moves, _base);
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || transfer_finding(code, members);
    END;
  END IF;

  IF action = 'off' AND lid_waste IS NULL AND waste IS NULL THEN
    BEGIN
      -- A lid that is parked on that device stays there, unless the body moves to its slot.
      IF _input->'lid'->'position' = 'null' AND before->'lid'->>'device' = _input->'lid'->>'device' AND lid_from IS DISTINCT FROM body_to THEN
        lid_to := lid_from;
      ELSE
        lid_to := claim_end_position(container_id, 'lid', _input->'lid'->>'device', (_input->'lid'->>'position')::integer,
          CASE WHEN body_to <> body_from THEN body_from END, body_to,
          jsonb_build_object('device', _base || '/lid/device', 'position', _base || '/lid/position', 'reservation', _base || '/lid_reservation_id'),
          (_input->>'lid_reservation_id')::uuid);
      END IF;
      IF lid_to = body_to THEN
        PERFORM refuse_own_position(before, 'container', lid_to, _base || '/lid/position');
      END IF;
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || transfer_finding(code, members);
    END;
  END IF;
  IF findings <> '[]' THEN
    RETURN;
  END IF;

  after := before;
  IF _input->>'barcode' IS NOT NULL AND before->>'barcode' IS NULL THEN
    UPDATE container c SET barcode = _input->>'barcode', version = c.version + 1, updated_at = command_time() WHERE c.id = container_id;
    after := record_container_event(_revision, _ordinal + events, 'barcode-set', container_id, after, _audit);
    events := events + 1;
  END IF;
  IF lid_from IS NOT NULL AND (action = 'on' OR lid_to <> lid_from) THEN
    DELETE FROM placement pl WHERE pl.position_id = lid_from;
  END IF;
  IF action = 'on' AND NOT (before->>'lidded')::boolean THEN
    UPDATE container c SET lidded = true, version = c.version + 1, updated_at = command_time() WHERE c.id = container_id;
    after := record_container_event(_revision, _ordinal + events, 'lidded', container_id, after, _audit);
    events := events + 1;
  END IF;
  -- A lid that leaves for waste is not parked.
  IF lid_waste IS NOT NULL AND ((before->>'lidded')::boolean OR lid_from IS NOT NULL) THEN
    after := dispose_part(container_id, 'lid', lid_waste, _revision, _ordinal + events, after, _audit);
    events := events + 1;
  END IF;
  IF waste IS NOT NULL THEN
    after := dispose_part(container_id, 'body', waste, _revision, _ordinal + events, after, _audit);
    events := events + 1;
  ELSIF moves THEN
    IF body_to IS DISTINCT FROM body_from THEN
      PERFORM write_placement(container_id, 'body', body_to);
    END IF;
    changed := update_lidded_and_version(container_id);
    -- If the lid moves too, it is nowhere at this event, or in a slot that the body takes.
    after := record_container_event(_revision, _ordinal + events, moved_kind(before), container_id, after, _audit,
      CASE WHEN action = 'keep' AND _input->'target'->>'position' IS NOT NULL THEN after || changed || jsonb_build_object(
        'device', _input->'target'->'device', 'position', _input->'target'->'position', 'missing_since', NULL, 'last_device', NULL, 'last_position', NULL) END);
    events := events + 1;
  END IF;
  IF action = 'off' AND lid_waste IS NULL AND ((before->>'lidded')::boolean OR lid_to IS DISTINCT FROM lid_from) THEN
    UPDATE container c SET lidded = false, version = c.version + 1, updated_at = command_time() WHERE c.id = container_id;
    PERFORM write_placement(container_id, 'lid', lid_to);
    after := record_container_event(_revision, _ordinal + events, 'unlidded', container_id, after, _audit);
    events := events + 1;
  END IF;
END $$;
