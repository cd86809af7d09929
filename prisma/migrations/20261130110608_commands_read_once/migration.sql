-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

DROP FUNCTION dispose_part(uuid,text,jsonb,bigint,integer,jsonb,jsonb);
DROP FUNCTION record_container_event(bigint,integer,text,uuid,jsonb,jsonb,jsonb);
DROP FUNCTION apply_transfer(jsonb,text,boolean,bigint,integer,jsonb);

-- prisma/sql/container/dispose_part.sql
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

-- prisma/sql/container/record_container_event.sql
-- Records an event of a container. `_after` is the snapshot after the command, which is read here unless the caller
-- already knows it. Returns that snapshot, so that the caller need not read it again.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_container_event(
  _revision bigint, _ordinal integer, _kind text, _container uuid, _before jsonb, _audit jsonb, _after jsonb DEFAULT NULL
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  request uuid := uuid_of_request(_audit);
BEGIN
  IF _after IS NULL THEN
    _after := container_snapshot(_container);
  END IF;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, container_id, was, became, position_id, lid_position_id)
  SELECT _revision, _ordinal, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', request, CASE WHEN request IS NULL THEN _audit->>'request_id' END, _container,
    changed_members(_before, _after), stored_container(_after),
    (SELECT position_id FROM placement WHERE container_id = _container AND part = 'body'),
    (SELECT position_id FROM placement WHERE container_id = _container AND part = 'lid')
  FROM lab WHERE id = 1;
  RETURN _after;
END $$;

-- prisma/sql/step/step_snapshot.sql
-- Returns a step as an event stores it. It is written in PL/pgSQL, which plans the joins of the view once per connection; before
-- PostgreSQL 18 a function in SQL is planned again for each call.
CREATE OR REPLACE FUNCTION step_snapshot(_step uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT to_jsonb(s) || jsonb_build_object('start', wire_time(s.start), 'finish', wire_time(s.finish), 'paused_at', wire_time(s.paused_at),
      'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
    FROM step_state s WHERE s.id = _step);
END $$;

-- prisma/sql/transfer/apply_transfer.sql
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
BEGIN
  findings := '[]';
  events := 0;
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
  SELECT pl.position_id INTO body_from FROM placement pl WHERE pl.container_id = apply_transfer.container_id AND pl.part = 'body';
  SELECT pl.position_id INTO lid_from FROM placement pl WHERE pl.container_id = apply_transfer.container_id AND pl.part = 'lid';

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

  IF moves AND _input->>'reservation_id' IS NULL THEN
    waste := lookup_waste(_input->'target'->>'device', (_input->'target'->>'position')::integer);
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

  IF moves AND waste IS NULL THEN
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
    PERFORM bump_container_version(container_id);
    after := record_container_event(_revision, _ordinal + events, moved_kind(before), container_id, after, _audit);
    events := events + 1;
  END IF;
  IF action = 'off' AND lid_waste IS NULL AND ((before->>'lidded')::boolean OR lid_to IS DISTINCT FROM lid_from) THEN
    UPDATE container c SET lidded = false, version = c.version + 1, updated_at = command_time() WHERE c.id = container_id;
    PERFORM write_placement(container_id, 'lid', lid_to);
    after := record_container_event(_revision, _ordinal + events, 'unlidded', container_id, after, _audit);
    events := events + 1;
  END IF;
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
-- Locks: What lock_for_steps locks, then the lab.
-- Raises: What apply_transfer and log_steps raise. In a batch a refusal has the index of its transfer.
-- Settings: `plan_cache_mode = force_generic_plan`: its queries find everything by id, so one plan is good for all
-- values. Without the setting PostgreSQL may plan them again for each call, which takes longer than they run.
CREATE OR REPLACE FUNCTION transfer(_transfers jsonb, _devices jsonb, _batch boolean, _dry_run boolean, _audit jsonb)
RETURNS TABLE (container jsonb, step jsonb, findings jsonb, warnings jsonb, revision double precision) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  told_steps jsonb;
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
  told_steps := (SELECT jsonb_agg(t->'step') FROM jsonb_array_elements(_transfers) t WHERE t->'step' <> 'null');
  IF NOT _dry_run THEN
    PERFORM lock_for_steps(told_steps);
  END IF;
  RETURN QUERY
  SELECT NULL::jsonb, jsonb_build_object('id', m.step_id, 'name', m.name, 'data', m.data), NULL::jsonb, NULL::jsonb, NULL::double precision
  FROM steps_to_merge(told_steps) m;
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
        -- a later transfer of a batch can have the same container
        'container', CASE WHEN NOT _batch THEN done.after END,
        'warnings', CASE WHEN done.findings = '[]'
          THEN nullif(former_label_warning(done.container_id, input->>'barcode', base || '/barcode')
            || CASE WHEN input->>'barcode' IS NOT NULL AND done.before->>'barcode' IS NULL
              THEN label_warnings(jsonb_build_array(jsonb_build_object('id', done.container_id, 'barcode', input->'barcode', 'pointer', base || '/barcode'))) ELSE '[]' END
            || coalesce(labware_warnings(done.container_id), '[]'), '[]') END,
        -- The id is refused first, as without a dry run.
        'findings', CASE WHEN known.created_as IS NULL OR (known.is_same AND NOT known.transferred) THEN '[]' ELSE transfer_finding('id-in-use', jsonb_build_object('id', input->'step'->'id', 'pointer', base || '/step/id')::text) END || done.findings);
      IF input->'step' <> 'null' AND NOT _dry_run THEN
        -- The step ends where the container was disposed of, although it is nowhere then.
        after := done.after || coalesce(done.waste, '{}');
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
    SELECT (r->>'step_id')::uuid, coalesce(nullif(r->'container', 'null'), container_snapshot((r->>'container_id')::uuid)), step_snapshot((r->>'step_id')::uuid), nullif(r->'warnings', 'null'), r->>'told', this_revision
    FROM jsonb_array_elements(results) r WHERE r->>'step_id' IS NOT NULL;
  EXCEPTION WHEN SQLSTATE 'PS204' THEN
    NULL;
  END;
  RETURN QUERY
  SELECT CASE WHEN _dry_run OR o.container IS NULL
      THEN coalesce(CASE WHEN NOT _dry_run THEN nullif(r->'container', 'null') END, container_snapshot(coalesce(r->>'container_id', o.container->>'id')::uuid))
      ELSE o.container END,
    CASE WHEN NOT _dry_run THEN o.step END, r->'findings', coalesce(o.warnings, nullif(r->'warnings', 'null')),
    (CASE WHEN _dry_run OR o.revision IS NULL THEN l.revision ELSE o.revision END)::double precision
  FROM jsonb_array_elements(results) WITH ORDINALITY AS result (r, n) CROSS JOIN lab l
  LEFT JOIN transfer_outcome o ON o.step_id = coalesce(r->>'repeats', r->>'step_id')::uuid
  ORDER BY n;
END $$;

-- prisma/sql/step/log_steps.sql
-- Logs steps, all with a few statements. A step is never refused because it names something unknown: it is stored with
-- the name and a warning. `_steps` come from src/store/prepare-steps.ts; their ids are unique. `_devices` is [{ id,
-- name }] of all devices that they name. Returns each step in order with its outcome: `logged`, `ended` (it was under way, and
-- its end was told), `repeated` (told before, so nothing changes) or `extended` (repeated, with containers that were not named before). If
-- what was told again differs from what is stored, the step that is returned has a warning, which is not stored. `record`, in the first
-- row, is what record_logged_steps writes to the event log. The caller calls it when it has read all rows.
--
-- Steps with the outcome `merge` are returned alone, and nothing is done: see steps_to_merge.
--
-- Locks: Steps, runs, experiments. It takes no lab lock: a batch of 5,000 steps does not stop the robots. Only a device
-- that the log creates takes the lab lock first.
-- Raises: id-in-use
-- Settings: `plan_cache_mode = force_generic_plan`: its queries find everything by id and name, so one plan is good
-- for all values. Without the setting PostgreSQL may plan them again for each call: 2.7 ms a step instead of 1.6.
CREATE OR REPLACE FUNCTION log_steps(_steps jsonb, _devices jsonb, _batch boolean)
RETURNS TABLE (outcome text, step step_state, record jsonb) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  unknown jsonb := unknown_devices_of_new_steps(_devices, _steps);
  new_devices uuid[] := '{}';
  told timestamptz(3) := begin_command();
  logged uuid[];
  long uuid[];
  again jsonb := '{}';
  changed uuid[];
  ended jsonb;
  experiments uuid[];
  unknown_experiments uuid[];
  started jsonb;
  to_record jsonb;
BEGIN
  RETURN QUERY
  SELECT 'merge', state, NULL::jsonb FROM steps_to_merge(_steps) m JOIN step_state state ON state.id = m.step_id;
  IF FOUND THEN
    RETURN;
  END IF;
  PERFORM begin_command();
  IF unknown <> '[]' OR jsonb_array_length(_steps) > 1 THEN
    PERFORM lock_for_steps(_steps);
  END IF;
  IF unknown <> '[]' THEN
    new_devices := create_unlisted_devices(unknown);
  END IF;

  WITH devices AS MATERIALIZED (
    SELECT * FROM resolve_logged_devices(_devices)
  ),
  containers AS MATERIALIZED (
    SELECT * FROM resolve_logged_containers(_steps)
  ),
  container_warnings AS (
    SELECT c.step_id, jsonb_agg(unknown_container_warning(c.ordinal, c.named, c.container_id) ORDER BY c.ordinal) AS list
    FROM containers c WHERE c.container_id IS NULL GROUP BY c.step_id
  ),
  inserted AS (
    INSERT INTO step (id, kind, name, fct, device_id, status, start, finish, commanded_seconds, data, is_simulation,
      origin_device_id, origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read,
      attempt, expected_seconds, error, session, experiment_id, experiment_named, created_as, created_at, updated_at, match_version, match_function, match_parameters, match_protocol, warnings)
    SELECT a.id, a.kind, a.name, a.fct, device.id, a.status, a.start, a.finish, a.commanded_seconds, a.data, a.is_simulation,
      origin.id, (a.origin->>'position')::integer, destination.id, (a.destination->>'position')::integer,
      a.lidded_before, a.lidded_after, a.barcode_read,
      a.attempt, a.expected_seconds, a.error, a.session, e.id, CASE WHEN e.id IS NULL THEN a.experiment_named END,
      a.created_as, command_time(), command_time(), a.match_version, a.match_function, a.match_parameters, a.match_protocol,
      a.warnings
        || clock_warnings(a.start, a.finish, a.status, told, told)
        || warning_list(device.code, '/device', device.detail)
        || warning_list(origin.code, '/origin/device', origin.detail)
        || warning_list(destination.code, '/destination/device', destination.detail)
        || coalesce(cw.list, '[]')
        || warning_list('unknown-experiment', '/experiment_id', CASE WHEN e.id IS NULL
             THEN 'No experiment "' || a.experiment_named || '" is known; the step is stored with the name.' END)
        || warning_list('experiment-ended', '/experiment_id', CASE WHEN e.status IN ('completed', 'aborted')
             THEN 'The experiment is already ' || e.status || '. The step was added to it.' END)
    FROM jsonb_to_recordset(_steps) AS a (
      id uuid, kind text, name text, fct text, device text, status text, start timestamptz, finish timestamptz,
      commanded_seconds double precision, data jsonb, is_simulation boolean,
      origin jsonb, destination jsonb, lidded_before boolean, lidded_after boolean, barcode_read boolean,
      attempt integer, expected_seconds double precision, error text, session text, experiment_uuid uuid, experiment_named text, warnings jsonb, created_as text,
      match_version integer, match_function text, match_parameters uuid, match_protocol uuid)
    JOIN devices device ON device.name = a.device
    LEFT JOIN devices origin ON origin.name = a.origin->>'device'
    LEFT JOIN devices destination ON destination.name = a.destination->>'device'
    LEFT JOIN experiment e ON e.id = a.experiment_uuid
    LEFT JOIN container_warnings cw ON cw.step_id = a.id
    -- Told again, a move need not say its places, and the constraints would refuse it before the conflict is found.
    WHERE NOT EXISTS (SELECT FROM step known WHERE known.id = a.id)
    -- One order for all: two batches with steps in common wait for each other and do not deadlock.
    ORDER BY a.id
    ON CONFLICT ON CONSTRAINT step_pkey DO NOTHING
    RETURNING id, experiment_id, is_sample AND sample_seconds > 86400 AS is_long
  ),
  inserted_containers AS (
    INSERT INTO step_container (step_id, ordinal, named, also_named, container_id)
    SELECT c.step_id, c.ordinal, c.named, nullif(c.also_named, '{}'), c.container_id FROM containers c JOIN inserted i ON i.id = c.step_id
  )
  SELECT coalesce(array_agg(i.id), '{}'), coalesce(array_agg(DISTINCT i.experiment_id) FILTER (WHERE i.experiment_id IS NOT NULL), '{}'),
    array_agg(i.id) FILTER (WHERE i.is_long)
  INTO logged, experiments, long FROM inserted i;
  PERFORM tell_pauses(_steps, logged);
  IF long IS NOT NULL THEN
    PERFORM warn_of_implausible_steps(long);
  END IF;

  IF cardinality(logged) < jsonb_array_length(_steps) THEN
    SELECT jsonb_object_agg(t.id, jsonb_build_object('outcome', t.outcome, 'differs', t.differs, 'before', t.before)) INTO again
    FROM tell_steps_again((
      SELECT jsonb_agg(s.value || jsonb_build_object('index', s.ordinality - 1))
      FROM jsonb_array_elements(_steps) WITH ORDINALITY s
      LEFT JOIN unnest(logged) AS l (id) ON l.id = (s.value->>'id')::uuid
      WHERE l.id IS NULL), _devices, _batch) t;
    SELECT array_agg(s.id) INTO long FROM step s
    WHERE s.id IN (SELECT a.key::uuid FROM jsonb_each(again) a WHERE a.value->>'outcome' = 'ended') AND s.is_sample AND s.sample_seconds > 86400;
    IF long IS NOT NULL THEN
      PERFORM warn_of_implausible_steps(long);
    END IF;
  END IF;
  SELECT logged || coalesce(array_agg(a.key::uuid) FILTER (WHERE a.value->>'outcome' = 'extended'), '{}'),
    coalesce(jsonb_agg(jsonb_build_object('id', a.key, 'before', a.value->'before', 'after', step_snapshot(a.key::uuid)) ORDER BY a.key)
      FILTER (WHERE a.value->>'outcome' = 'ended'), '[]')
  INTO changed, ended FROM jsonb_each(again) a;

  IF cardinality(changed) > 0 OR ended <> '[]' THEN
    started := start_experiments(experiments);
    SELECT array_agg(DISTINCT s.experiment_uuid) INTO unknown_experiments
    FROM jsonb_to_recordset(_steps) AS s (id uuid, experiment_uuid uuid)
    -- A step of no experiment has null, and null <> ALL ('{}') is true.
    WHERE s.id = ANY (logged) AND s.experiment_uuid IS NOT NULL AND s.experiment_uuid <> ALL (experiments);
    IF unknown_experiments IS NOT NULL AND link_steps_to_experiments(unknown_experiments, logged) > 0 THEN
      started := started || start_experiments(unknown_experiments);
    END IF;

    -- The experiments that start are locked, so nobody else adds a step to their snapshots.
    SELECT jsonb_build_object('unknown_experiments', to_jsonb(unknown_experiments), 'new_devices', to_jsonb(new_devices), 'ended', ended,
      'step_id', CASE WHEN count(*) = 1 THEN (array_agg(s.id))[1] END,
      'device_id', CASE WHEN count(DISTINCT s.device_id) = 1 THEN (array_agg(s.device_id))[1] END,
      'devices', CASE WHEN count(DISTINCT s.device_id) > 1 THEN jsonb_agg(DISTINCT s.device_id) ELSE '[]' END,
      'experiment_id', CASE WHEN count(DISTINCT s.experiment_id) = 1 AND count(s.experiment_id) = count(*) THEN (array_agg(s.experiment_id))[1] END,
      'concerns', to_jsonb(CASE WHEN count(*) = 1 THEN unknown_experiment(min(s.experiment_named)) ELSE experiments_and_containers(array_agg(s.id)) END),
      'after', CASE WHEN count(*) > 0 THEN jsonb_build_object('logged', cardinality(logged), 'extended', count(*) - cardinality(logged),
        'first_start', wire_time(min(s.start) FILTER (WHERE s.believable)), 'last_finish', wire_time(max(s.finish) FILTER (WHERE s.believable))) END,
      'started', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', e.key, 'before', e.value, 'after', experiment_snapshot(e.key::uuid))), '[]') FROM jsonb_each(started) e))
    INTO to_record
    FROM unnest(changed) AS t (id) JOIN step s ON s.id = t.id;
  END IF;

  RETURN QUERY
  SELECT coalesce(again->sent.id::text->>'outcome', 'logged'),
    CASE WHEN again->sent.id::text->>'differs' IS NULL THEN state
      ELSE jsonb_populate_record(state, jsonb_build_object('warnings', state.warnings || differing_warning(state, again->sent.id::text->>'differs'))) END,
    CASE WHEN sent.ordinality = 1 THEN to_record END
  FROM ROWS FROM (jsonb_to_recordset(_steps) AS (id uuid)) WITH ORDINALITY AS sent (id, ordinality)
  JOIN step_state state ON state.id = sent.id
  ORDER BY sent.ordinality;
END $$;
