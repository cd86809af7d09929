-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

-- prisma/sql/container/correct_container.sql
-- Records what a person saw in the lab. A correction may do what other commands refuse: bring back a removed container,
-- find a missing one, say that the lid is on although no command put it on, use a reserved slot. It never violates a
-- constraint. `_input` has the members of ContainerCorrection but the reason, which is in `_audit`. What the input does not
-- name stays as it is. What was seen in waste is off the platform; a lid there is gone, and one cannot stay on the platform alone.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, barcode-in-use, position-occupied, device-not-found,
-- position-not-found, position-disposes
CREATE OR REPLACE FUNCTION correct_container(_id uuid, _barcode text, _input jsonb, _audit jsonb) RETURNS SETOF container_state LANGUAGE plpgsql AS $$
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
      PERFORM dispose_part(corrected, 'body', waste, next_revision(), 0, before, _audit);
    END IF;
    RETURN QUERY SELECT * FROM container_state s WHERE s.id = corrected;
    RETURN;
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
    RETURN QUERY SELECT * FROM container_state s WHERE s.id = corrected;
    RETURN;
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
  PERFORM record_container_event(this_revision, ordinal,
    CASE WHEN before->>'missing_since' IS NOT NULL AND body_to IS NOT NULL THEN 'found' ELSE 'corrected' END, corrected, before, _audit);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = corrected;
END $$;

-- prisma/sql/labware-type/forget_labware_types.sql
-- Takes the names of labware types out of the lists of devices and slots, and records an event for each device and slot that
-- had one. A list must not become empty, because then nothing that is described could stand there. Of a device or slot that is retired
-- nobody can say what may stand there instead; it comes back without a list. Returns how many events there were, numbered from `_ordinal`.
--
-- Locks: The caller holds the lab lock.
-- Raises: labware-type-in-use
CREATE OR REPLACE FUNCTION forget_labware_types(_names text[], _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  devices uuid[] := ARRAY(SELECT id FROM device WHERE labware_types && _names ORDER BY name, id);
  positions uuid[] := ARRAY(SELECT id FROM position WHERE labware_types && _names ORDER BY device_id, slot_number);
  before jsonb;
BEGIN
  PERFORM refuse_labware_types_in_use(_names);
  SELECT coalesce(jsonb_object_agg(id, device_snapshot(id)), '{}') INTO before FROM unnest(devices) AS id;
  before := before || (SELECT coalesce(jsonb_object_agg(id, position_snapshot(id)), '{}') FROM unnest(positions) AS id);
  UPDATE device d SET labware_types = nullif(ARRAY(SELECT n.name FROM unnest(d.labware_types) WITH ORDINALITY AS n (name, nth) WHERE n.name <> ALL (_names) ORDER BY n.nth), '{}'),
    version = version + 1, updated_at = command_time() WHERE d.id = ANY (devices);
  UPDATE position p SET labware_types = nullif(ARRAY(SELECT n.name FROM unnest(p.labware_types) WITH ORDINALITY AS n (name, nth) WHERE n.name <> ALL (_names) ORDER BY n.nth), '{}')
  WHERE p.id = ANY (positions);
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT _revision, _ordinal + n.nth - 1, l.recorded_at, CASE WHEN n.nth <= cardinality(devices) THEN 'device-updated' ELSE 'position-updated' END,
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), coalesce(p.device_id, n.id), before->n.id::text,
    CASE WHEN n.nth <= cardinality(devices) THEN device_snapshot(n.id) ELSE position_snapshot(n.id) END
  FROM unnest(devices || positions) WITH ORDINALITY AS n (id, nth) LEFT JOIN position p ON p.id = n.id AND n.nth > cardinality(devices) CROSS JOIN lab l;
  RETURN cardinality(devices) + cardinality(positions);
END $$;

-- prisma/sql/reservation/create_reservation.sql
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

-- prisma/sql/transfer/transfer.sql
-- Records transfers, all or none: place, lid, barcode and step of each. `_transfers` are the requests, each with
-- named, id, and the step as the service prepares it, or null. `_devices` is [{ id, name }] of the devices that the
-- steps name. Returns for each transfer, in order, the container and the step at the end. A dry run does the same,
-- collects what it would refuse as findings, and is then undone by an exception (PS204); its `revision` is the
-- present one. A transfer whose step was recorded before is a retry: it returns what it returned, and changes nothing. The same transfer
-- whose step was running and has ended now ends the step. A step that was told without a transfer gets its transfer.
--
-- Rows whose `findings` are null are returned alone, and nothing is done: see steps_to_merge.
--
-- Locks: Steps, experiments, the lab: the order of the step log, so that the two never wait for each other.
-- Raises: What apply_transfer and log_steps raise. In a batch a refusal has the index of its transfer.
-- Settings: `plan_cache_mode = force_generic_plan`: its queries find everything by id, so one plan is good for all
-- values. Without the setting PostgreSQL may plan them again for each call, which takes longer than they run.
CREATE OR REPLACE FUNCTION transfer(_transfers jsonb, _devices jsonb, _batch boolean, _dry_run boolean, _audit jsonb)
RETURNS TABLE (container jsonb, step jsonb, findings jsonb, warnings jsonb, revision double precision) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  input jsonb;
  done record;
  index integer := 0;
  ordinal integer := 0;
  after jsonb;
  steps jsonb := '[]';
  step_of integer[] := '{}';
  step_devices jsonb := _devices;
  this_revision bigint;
  known record;
  told text;
  moved uuid[] := '{}';
  code text;
  members text;
  base text;
  results jsonb := '[]';
BEGIN
  PERFORM 1 FROM step WHERE id IN (SELECT (t->'step'->>'id')::uuid FROM jsonb_array_elements(_transfers) t) ORDER BY id FOR NO KEY UPDATE;
  PERFORM 1 FROM experiment WHERE id IN (SELECT (t->'step'->>'experiment_uuid')::uuid FROM jsonb_array_elements(_transfers) t)
  ORDER BY id FOR NO KEY UPDATE;
  RETURN QUERY
  SELECT NULL::jsonb, jsonb_build_object('id', m.step_id, 'name', m.name, 'data', m.data), NULL::jsonb, NULL::jsonb, NULL::double precision
  FROM steps_to_merge((SELECT jsonb_agg(t->'step') FROM jsonb_array_elements(_transfers) t WHERE t->'step' <> 'null')) m;
  IF FOUND THEN
    RETURN;
  END IF;
  PERFORM lock_lab();
  BEGIN
    this_revision := next_revision();
    FOR input IN SELECT value FROM jsonb_array_elements(_transfers) LOOP
      base := CASE WHEN _batch THEN '/transfers/' || index ELSE '' END;
      told := input->'step'->>'created_as';
      SELECT s.created_as, s.ended_as, is_same_step(s, input->'step') AS is_same,
        s.status IN ('running', 'paused', 'lost') AS under_way, o.step_id IS NOT NULL AS transferred, coalesce(o.created_as, s.created_as) AS transferred_as
      INTO known FROM step s LEFT JOIN transfer_outcome o ON o.step_id = s.id WHERE s.id = (input->'step'->>'id')::uuid;
      IF FOUND AND known.is_same AND known.transferred AND known.under_way AND input->'step'->>'status' <> 'running'
        AND split_part(known.transferred_as, ':', 3) = split_part(told, ':', 3) AND told_facts(told) <> told_facts(known.transferred_as) THEN
        IF NOT _dry_run THEN
          step_of := step_of || index;
          steps := steps || (input->'step');
        END IF;
        results := results || jsonb_build_object('repeats', input->'step'->'id', 'ends', true, 'findings', '[]'::jsonb);
        moved := moved || NULL::uuid;
        index := index + 1;
        CONTINUE;
      ELSIF FOUND AND known.is_same AND known.transferred AND told_facts(told) IN (told_facts(known.transferred_as), told_facts(known.ended_as)) THEN
        results := results || jsonb_build_object('repeats', input->'step'->'id', 'findings', '[]'::jsonb);
        moved := moved || NULL::uuid;
        index := index + 1;
        CONTINUE;
      ELSIF FOUND AND NOT _dry_run AND (known.transferred OR NOT known.is_same) THEN
        PERFORM refuse('id-in-use', jsonb_build_object('id', input->'step'->'id', 'pointer', base || '/step/id')
          || CASE WHEN _batch THEN jsonb_build_object('index', index) ELSE '{}' END);
      END IF;
      BEGIN
        SELECT * INTO done FROM apply_transfer(input, base, _dry_run, this_revision, ordinal, _audit);
      EXCEPTION WHEN SQLSTATE 'PS409' THEN
        GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
        PERFORM refuse(code, CASE WHEN _batch THEN with_batch_conflict(members::jsonb, index, moved) ELSE members::jsonb END);
      END;
      moved := moved || CASE WHEN done.events > 0 THEN done.container_id END;
      ordinal := ordinal + done.events;
      results := results || jsonb_build_object('container_id', done.container_id, 'step_id', input->'step'->'id', 'told', told,
        'warnings', CASE WHEN done.findings = '[]'
          THEN nullif(former_label_warning(done.container_id, input->>'barcode', base || '/barcode')
            || CASE WHEN input->>'barcode' IS NOT NULL AND done.before->>'barcode' IS NULL
              THEN label_warnings(jsonb_build_array(jsonb_build_object('id', done.container_id, 'barcode', input->'barcode', 'pointer', base || '/barcode'))) ELSE '[]' END
            || coalesce(labware_warnings(done.container_id), '[]'), '[]') END,
        -- The id is refused first, as without a dry run.
        'findings', CASE WHEN known.created_as IS NULL OR (known.is_same AND NOT known.transferred) THEN '[]' ELSE transfer_finding('id-in-use', jsonb_build_object('id', input->'step'->'id', 'pointer', base || '/step/id')::text) END || done.findings);
      IF input->'step' <> 'null' AND NOT _dry_run THEN
        -- The step ends where the container was disposed of, although it is nowhere then.
        after := container_snapshot(done.container_id) || coalesce(done.waste, '{}');
        step_of := step_of || index;
        steps := steps || complete_transfer_step(input->'step', done.before, after, input->>'barcode' IS NOT NULL);
        step_devices := step_devices || jsonb_build_array(
          jsonb_build_object('id', uuid_v7(), 'name', done.before->'device'), jsonb_build_object('id', uuid_v7(), 'name', after->'device'));
      END IF;
      index := index + 1;
    END LOOP;
    IF steps <> '[]' THEN
      BEGIN
        PERFORM record_logged_steps(l.record, _audit, this_revision, ordinal) FROM log_steps(steps, (SELECT jsonb_agg(DISTINCT jsonb_build_object('id', d.id, 'name', d.name)) FROM (
          SELECT DISTINCT ON (value->>'name') value->'id' AS id, value->'name' AS name FROM jsonb_array_elements(step_devices) WHERE value->>'name' IS NOT NULL) d), _batch) l
        WHERE l.record IS NOT NULL;
      EXCEPTION WHEN SQLSTATE 'PS409' THEN
        GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
        index := step_of[coalesce((members::jsonb->>'index')::integer, 0) + 1];
        PERFORM refuse(code, members::jsonb || CASE WHEN _batch
          THEN jsonb_build_object('index', index, 'pointer', '/transfers/' || index || '/step/id') ELSE jsonb_build_object('pointer', '/step/id') END);
      END;
    END IF;
    IF _dry_run THEN
      RAISE EXCEPTION USING ERRCODE = 'PS204', MESSAGE = 'a dry run is undone';
    END IF;
    -- A step that ended is shown as it is now; its container too.
    UPDATE transfer_outcome o SET step = step_snapshot(o.step_id), revision = this_revision,
      container = container_snapshot((o.container->>'id')::uuid)
    FROM jsonb_array_elements(results) r WHERE (r->>'ends')::boolean AND o.step_id = (r->>'repeats')::uuid;
    -- The revision was taken before it was known whether anything changes. It is given back if nothing did. max() reads
    -- one entry of the index; EXISTS (... WHERE revision = this_revision) may read the whole log, because after batches
    -- with thousands of events PostgreSQL expects to meet one soon.
    IF (SELECT max(e.revision) FROM event e) IS DISTINCT FROM this_revision THEN
      UPDATE lab SET revision = lab.revision - 1 WHERE lab.id = 1;
    END IF;
    INSERT INTO transfer_outcome (step_id, container, step, warnings, created_as, revision)
    SELECT (r->>'step_id')::uuid, container_snapshot((r->>'container_id')::uuid), step_snapshot((r->>'step_id')::uuid), nullif(r->'warnings', 'null'), r->>'told', this_revision
    FROM jsonb_array_elements(results) r WHERE r->>'step_id' IS NOT NULL;
  EXCEPTION WHEN SQLSTATE 'PS204' THEN
    NULL;
  END;
  RETURN QUERY
  SELECT CASE WHEN _dry_run OR o.container IS NULL THEN container_snapshot(coalesce(r->>'container_id', o.container->>'id')::uuid) ELSE o.container END,
    CASE WHEN NOT _dry_run THEN o.step END, r->'findings', coalesce(o.warnings, nullif(r->'warnings', 'null')),
    (CASE WHEN _dry_run OR o.revision IS NULL THEN l.revision ELSE o.revision END)::double precision
  FROM jsonb_array_elements(results) WITH ORDINALITY AS result (r, n) CROSS JOIN lab l
  LEFT JOIN transfer_outcome o ON o.step_id = coalesce(r->>'repeats', r->>'step_id')::uuid
  ORDER BY n;
END $$;
