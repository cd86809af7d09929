-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

-- prisma/sql/device/resolve_logged_devices.sql
-- Finds the device of each name in a step log: [{ name }]. Returns the id, and the code and detail of a warning if
-- the device is unlisted or retired. A name that no device ever had is not in the result. Each name is looked up as latest_device_named does it, but
-- within the query: called for each name, that function takes longer than the rest.
CREATE OR REPLACE FUNCTION resolve_logged_devices(_devices jsonb) RETURNS TABLE (name text, id uuid, code text, detail text) LANGUAGE sql STABLE AS $$
  SELECT d.name, d.id,
    CASE WHEN NOT d.listed THEN 'unknown-device' WHEN d.retired_at IS NOT NULL THEN 'retired-device' END,
    CASE WHEN NOT d.listed THEN 'No device of the lab is called "' || d.name || '". The step is stored with the name.'
      WHEN d.retired_at IS NOT NULL THEN 'The device "' || d.name || '" is retired. The step is stored for this device.' END
  FROM jsonb_to_recordset(_devices) AS sent (name text)
  CROSS JOIN LATERAL (SELECT * FROM device known WHERE known.name = sent.name ORDER BY known.retired_at DESC NULLS FIRST LIMIT 1) d
$$;

-- prisma/sql/device/unknown_devices_of_new_steps.sql
-- Returns those of `_devices` that the service has to create: no device ever had the name, and a step names it that
-- was not logged before, or that ends now. A repeated old log must not bring back a name that was changed since.
CREATE OR REPLACE FUNCTION unknown_devices_of_new_steps(_devices jsonb, _steps jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- A subquery, not a join: it looks into the index for each name.
  PERFORM 1 FROM jsonb_to_recordset(_devices) AS d (name text) WHERE (SELECT known.id FROM device known WHERE known.name = d.name LIMIT 1) IS NULL LIMIT 1;
  IF NOT FOUND THEN
    RETURN '[]';
  END IF;
  RETURN (
    SELECT coalesce(jsonb_agg(d), '[]')
    FROM jsonb_to_recordset(_devices) AS d (id uuid, name text)
    WHERE latest_device_named(d.name) IS NULL AND d.name IN (
      SELECT n.name
      FROM jsonb_to_recordset(_steps) AS s (id uuid, status text, device text, origin jsonb, destination jsonb)
      CROSS JOIN LATERAL (VALUES (s.device), (s.origin->>'device'), (s.destination->>'device')) AS n (name)
      WHERE NOT EXISTS (SELECT FROM step known WHERE known.id = s.id
        AND (s.status = 'running' OR known.status NOT IN ('running', 'paused', 'lost')))));
END $$;

-- prisma/sql/estimate/mark_runs.sql
-- Marks runs as pending: those of experiments, and those of days of steps without experiment. The learner (src/estimation/learner.ts)
-- learns from a pending run when it is over. It looks first, because an insert of no rows takes almost as long as one of one row, and
-- most runs are pending already.
--
-- Locks: The rows of runs that were not pending, in the order of their keys. A run that is pending already is not touched or locked,
-- because many steps of a run are logged at the same time.
CREATE OR REPLACE FUNCTION mark_runs(_experiments uuid[], _days date[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  keys text[];
BEGIN
  keys := ARRAY(
    SELECT marked.key
    FROM (SELECT 'experiment ' || e.id FROM unnest(_experiments) AS e (id) UNION ALL SELECT 'day ' || d.day FROM unnest(_days) AS d (day)) marked (key)
    WHERE (SELECT known.pending FROM run known WHERE known.key = marked.key) IS NOT TRUE AND marked.key IS NOT NULL);
  IF keys = '{}' THEN
    RETURN;
  END IF;
  INSERT INTO run (key, experiment_id, day)
  SELECT marked.key, marked.experiment_id, marked.day
  FROM (
    SELECT DISTINCT 'experiment ' || experiment_id AS key, experiment_id, NULL::date AS day FROM unnest(_experiments) AS e (experiment_id)
    UNION ALL
    SELECT DISTINCT 'day ' || day, NULL::uuid, day FROM unnest(_days) AS d (day)
  ) marked
  WHERE marked.key = ANY (keys)
  ORDER BY marked.key
  ON CONFLICT (key) DO UPDATE SET pending = true;
END $$;

-- prisma/sql/event/link_event_devices.sql
-- Links each new event of a container to the devices that it concerns: those from which and to which the container or its lid moved, and
-- those where they stay. The events of a device are then two ranges of indexes: these links, and the events that have its id.
--
-- Locks: The command that adds the event holds the lab lock.
CREATE OR REPLACE FUNCTION link_event_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Most events are of steps, and an insert of no rows takes almost as long as one of one row.
  IF NOT EXISTS (SELECT FROM added WHERE container_id IS NOT NULL) THEN
    RETURN NULL;
  END IF;
  -- Two names can be of one device. Each is looked up as latest_device_named does it, but within the query: called for each name, that function takes
  -- longer than the rest.
  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT DISTINCT found.id, e.revision, e.ordinal
  FROM added e
  CROSS JOIN LATERAL unnest(ARRAY[e.was->>'device', e.was->'lid'->>'device', e.became->>'device', e.became->'lid'->>'device']) AS named (name)
  CROSS JOIN LATERAL (SELECT d.id FROM device d WHERE d.name = named.name ORDER BY d.retired_at DESC NULLS FIRST LIMIT 1) found
  WHERE e.container_id IS NOT NULL AND found.id IS DISTINCT FROM e.device_id;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER event_links_devices AFTER INSERT ON event_log
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION link_event_devices();

-- prisma/sql/placement/place_on_device.sql
-- Places a part of a container on a device: in the requested slot, or in a free one (see choose_position). Returns the
-- slot, or null if the device or the slot disposes: then nothing is placed, and the caller disposes of the part. `_pointers` is
-- { device, position, reservation }: the JSON pointers of the three in the request.
--
-- The frequent case takes two short queries: the type, and lookup_free_position. Everything else goes to choose_position and
-- place_in_position, which can say what is wrong.
--
-- Locks: The caller holds the lab lock.
-- Raises: What choose_position and place_in_position raise.
CREATE OR REPLACE FUNCTION place_on_device(_container uuid, _part text, _device text, _slot integer, _pointers jsonb, _reservation uuid) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  target uuid;
  type labware_type := lookup_labware_type(_container, _part);
BEGIN
  IF _slot IS NOT NULL AND _reservation IS NULL THEN
    target := lookup_free_position(_device, _slot, type);
  END IF;
  IF target IS NOT NULL THEN
    PERFORM write_placement(_container, _part, target);
  ELSIF _reservation IS NULL AND lookup_waste(_device, _slot) IS NOT NULL THEN
    RETURN NULL;
  ELSE
    target := choose_position(_device, _slot, _pointers, _reservation, type);
    PERFORM place_in_position(_container, _part, target, _pointers->>'position', _reservation);
  END IF;
  RETURN target;
END $$;

-- prisma/sql/position/lookup_free_position.sql
-- Returns the slot with this number of an active device, if it is empty, keeps what is put there, fits the labware type, and is in no reservation, not even
-- in an expired one. Null otherwise; choose_position, claim_end_position and place_in_position find out why. `_type` is null if nobody described the type.
-- For the frequent case: the query finds everything by index, and what is seldom needed is not prepared.
CREATE OR REPLACE FUNCTION lookup_free_position(_device text, _slot integer, _type labware_type) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
BEGIN
  SELECT p.id INTO found_id FROM position p
  WHERE p.device_id = (SELECT d.id FROM device d WHERE d.name = _device AND d.retired_at IS NULL) AND p.slot_number = _slot AND p.active
    AND (SELECT pl.position_id FROM placement pl WHERE pl.position_id = p.id) IS NULL
    AND (SELECT rp.position_id FROM reserved_position rp WHERE rp.position_id = p.id) IS NULL;
  IF found_id IS NOT NULL AND _type.name IS NOT NULL AND labware_misfit(_type, found_id) IS NOT NULL THEN
    RETURN NULL;
  END IF;
  RETURN found_id;
END $$;

-- prisma/sql/step/lock_for_steps.sql
-- Locks what logging `_steps` will change, before the lab: the known steps, then the runs, then the experiments that start. A command that
-- logs steps under the lab lock calls it before it takes that lock, and logging several steps begins with it. So all commands have one
-- order of locks. With another order they deadlock, and PostgreSQL ends a deadlock only after a second.
--
-- Locks: The steps and the experiments, in the order of their ids; what mark_and_hold_runs locks.
CREATE OR REPLACE FUNCTION lock_for_steps(_steps jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  experiments uuid[];
  days date[];
  named uuid[];
BEGIN
  PERFORM 1 FROM step WHERE id IN (SELECT s.id FROM jsonb_to_recordset(_steps) AS s (id uuid)) ORDER BY id FOR NO KEY UPDATE;
  -- A step that was told before keeps its experiment and its start. One that is repeated as it was changes nothing, so it marks nothing.
  SELECT array_agg(DISTINCT s.experiment_id) FILTER (WHERE s.marks AND s.experiment_id IS NOT NULL),
    array_agg(DISTINCT s.day) FILTER (WHERE s.marks AND s.experiment_id IS NULL),
    array_agg(s.named) FILTER (WHERE s.named IS NOT NULL)
  INTO experiments, days, named
  FROM (
    SELECT CASE WHEN known.id IS NULL THEN e.id ELSE known.experiment_id END AS experiment_id, (coalesce(known.start, a.start) AT TIME ZONE 'UTC')::date AS day,
      coalesce(known.finish, a.finish) IS NOT NULL AND coalesce(a.created_as NOT IN (known.created_as, coalesce(known.ended_as, '')), true) AS marks,
      a.experiment_uuid AS named
    FROM jsonb_to_recordset(_steps) AS a (id uuid, experiment_uuid uuid, start timestamptz, finish timestamptz, created_as text)
    LEFT JOIN step known ON known.id = a.id
    LEFT JOIN experiment e ON e.id = a.experiment_uuid
  ) s;
  IF experiments IS NOT NULL OR days IS NOT NULL THEN
    PERFORM mark_and_hold_runs(experiments, days);
  END IF;
  IF experiments IS NOT NULL OR named IS NOT NULL THEN
    PERFORM 1 FROM experiment WHERE id = ANY (experiments || named) AND status = 'created' ORDER BY id FOR NO KEY UPDATE;
  END IF;
END $$;

-- prisma/sql/step/record_logged_steps.sql
-- Writes the event of logged steps, those of the devices and experiments that came with them, and one for each step that ended. `_record` is what
-- log_steps returned; null if it changed nothing. As part of another command it uses the revision of that command, from
-- `_ordinal` on. It is the last part of logging, so that the lab lock is held for a few rows, however many steps there are.
--
-- Locks: The lab lock.
-- Raises: serialization_failure if an experiment that a step names was created while the steps were logged. The caller
-- tries again, and the answer then has the experiment.
CREATE OR REPLACE FUNCTION record_logged_steps(_record jsonb, _audit jsonb, _revision bigint DEFAULT NULL, _ordinal integer DEFAULT 0) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  this_revision bigint;
  new_devices uuid[];
  next integer := _ordinal;
  -- one new step, as most calls log it: the event has columns instead of JSON
  alone boolean := (_record->'after') @> '{"logged": 1, "extended": 0}' AND _record->>'step_id' IS NOT NULL;
BEGIN
  IF _record IS NULL THEN
    RETURN;
  END IF;
  this_revision := coalesce(_revision, next_revision());
  -- Each part is looked at first, because an insert of no rows takes almost as long as one of one row, and most steps have none of them.
  -- Nothing is locked here. Another command may hold the step that names it, and wait for the lab.
  IF _record->'unknown_experiments' <> 'null' THEN
    IF EXISTS (
      SELECT FROM jsonb_array_elements_text(_record->'unknown_experiments') AS named JOIN experiment e ON e.id = named.value::uuid
        JOIN step s ON s.experiment_named = e.id::text) THEN
      RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'an experiment was created while its steps were logged';
    END IF;
  END IF;

  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, became,
    first_start, last_finish, concerns)
  SELECT this_revision, next, lab.recorded_at, 'steps-logged', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
    (_record->>'step_id')::uuid, (_record->>'device_id')::uuid, (_record->>'experiment_id')::uuid,
    CASE WHEN NOT alone THEN _record->'after' END, CASE WHEN alone THEN (_record->'after'->>'first_start')::timestamptz END,
    CASE WHEN alone THEN (_record->'after'->>'last_finish')::timestamptz END,
    -- Steps of several experiments and containers are one event, which concerns each of them.
    CASE WHEN _record->'concerns' <> 'null' THEN array_remove(ARRAY(SELECT jsonb_array_elements_text(_record->'concerns')::uuid), (_record->>'experiment_id')::uuid) END
  FROM lab WHERE _record->'after' <> 'null';
  -- The same of devices.
  IF _record->'devices' <> '[]' THEN
    INSERT INTO event_device (device_id, revision, ordinal)
    SELECT value::uuid, this_revision, next FROM jsonb_array_elements_text(_record->'devices');
  END IF;
  next := next + CASE WHEN _record->'after' <> 'null' THEN 1 ELSE 0 END;
  IF _record->'new_devices' <> '[]' THEN
    new_devices := ARRAY(SELECT jsonb_array_elements_text(_record->'new_devices')::uuid);
    PERFORM record_unlisted_devices(this_revision, next, new_devices, _audit);
    next := next + cardinality(new_devices);
  END IF;
  next := next - 1;
  IF _record->'started' <> '[]' THEN
    INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, experiment_id, was, became)
    SELECT this_revision, next + e.ordinality, lab.recorded_at, 'experiment-updated',
      _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), (e.value->>'id')::uuid, e.value->'before', e.value->'after'
    FROM jsonb_array_elements(_record->'started') WITH ORDINALITY AS e (value, ordinality) CROSS JOIN lab;
  END IF;
  next := next + jsonb_array_length(_record->'started');
  IF _record->'ended' <> '[]' THEN
    INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became,
      concerns)
    SELECT this_revision, next + e.ordinality, lab.recorded_at, 'step-finished', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
      s.id, s.device_id, s.experiment_id, e.value->'before', e.value->'after', unknown_experiment(s.experiment_named)
    FROM jsonb_array_elements(_record->'ended') WITH ORDINALITY AS e (value, ordinality) JOIN step s ON s.id = (e.value->>'id')::uuid CROSS JOIN lab;
  END IF;
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

-- prisma/sql/transfer/apply_transfers.sql
-- Applies transfers, and logs their steps. The parameters are those of `transfer`. Returns the result of each, in order: container_id, container (null in a
-- batch, because a later transfer can have the same), step_id, told (the digests of the transfer as it was sent), findings and warnings. A transfer that was
-- recorded before has only repeats (the id of its step), findings, and ends if it ends the step. `logged` is what log_transfer_steps returned, `revision` the
-- revision of the transfers, and `present` the one of the lab. A dry run logs no steps.
--
-- Exceptions are caught only where something is added to them, because each block that catches some begins a subtransaction.
--
-- Locks: The lab. The caller has called lock_for_steps, unless it is a dry run.
-- Raises: What apply_transfer and log_steps raise. In a batch a refusal has the index of its transfer.
CREATE OR REPLACE FUNCTION apply_transfers(
  _transfers jsonb, _devices jsonb, _batch boolean, _dry_run boolean, _audit jsonb,
  OUT results jsonb, OUT logged jsonb, OUT revision bigint, OUT present bigint
) LANGUAGE plpgsql AS $$
DECLARE
  input jsonb;
  done record;
  ordinal integer := 0;
  after jsonb;
  steps jsonb := '[]';
  step_of integer[] := '{}';
  step_devices jsonb := _devices;
  named text;
  known record;
  any_known boolean := false;
  told text;
  moved uuid[] := '{}';
  code text;
  members text;
  base text;
  refused integer;
BEGIN
  revision := next_revision();
  results := '[]';
  FOR index IN 0 .. jsonb_array_length(_transfers) - 1 LOOP
    input := _transfers->index;
    base := CASE WHEN _batch THEN '/transfers/' || index ELSE '' END;
    told := input->'step'->>'created_as';
    SELECT s.created_as, s.ended_as, is_same_step(s, input->'step') AS is_same,
      s.status IN ('running', 'paused', 'lost') AS under_way, o.step_id IS NOT NULL AS transferred, coalesce(o.created_as, s.created_as) AS transferred_as
    INTO known FROM step s LEFT JOIN transfer_outcome o ON o.step_id = s.id WHERE s.id = (input->'step'->>'id')::uuid;
    any_known := any_known OR FOUND;
    IF FOUND AND known.is_same AND known.transferred AND known.under_way AND input->'step'->>'status' <> 'running'
      AND split_part(known.transferred_as, ':', 3) = split_part(told, ':', 3) AND told_facts(told) <> told_facts(known.transferred_as) THEN
      IF NOT _dry_run THEN
        step_of := step_of || index;
        steps := steps || (input->'step');
      END IF;
      results := results || jsonb_build_object('repeats', input->'step'->'id', 'ends', true, 'findings', '[]'::jsonb);
      moved := moved || NULL::uuid;
      CONTINUE;
    ELSIF FOUND AND known.is_same AND known.transferred AND told_facts(told) IN (told_facts(known.transferred_as), told_facts(known.ended_as)) THEN
      results := results || jsonb_build_object('repeats', input->'step'->'id', 'findings', '[]'::jsonb);
      moved := moved || NULL::uuid;
      CONTINUE;
    ELSIF FOUND AND NOT _dry_run AND (known.transferred OR NOT known.is_same) THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', input->'step'->'id', 'pointer', base || '/step/id')
        || CASE WHEN _batch THEN jsonb_build_object('index', index) ELSE '{}' END);
    END IF;
    IF _batch THEN
      BEGIN
        done := apply_transfer(input, base, _dry_run, revision, ordinal, _audit);
      EXCEPTION WHEN SQLSTATE 'PS409' THEN
        GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
        PERFORM refuse(code, with_batch_conflict(members::jsonb, index, moved));
      END;
    ELSE
      done := apply_transfer(input, base, _dry_run, revision, ordinal, _audit);
    END IF;
    moved := moved || CASE WHEN done.events > 0 THEN done.container_id END;
    ordinal := ordinal + done.events;
    results := results || jsonb_build_object('container_id', done.container_id, 'step_id', input->'step'->'id', 'told', told,
      'container', CASE WHEN NOT _batch THEN done.after END,
      'warnings', CASE WHEN done.findings = '[]' THEN nullif(
        CASE WHEN input->>'barcode' IS NOT NULL THEN former_label_warning(done.container_id, input->>'barcode', base || '/barcode') ELSE '[]' END
        || CASE WHEN input->>'barcode' IS NOT NULL AND done.before->>'barcode' IS NULL
          THEN label_warnings(jsonb_build_array(jsonb_build_object('id', done.container_id, 'barcode', input->'barcode', 'pointer', base || '/barcode')))
          ELSE '[]' END
        || CASE WHEN done.after->>'labware_type' IS NOT NULL THEN coalesce(labware_warnings(done.container_id), '[]') ELSE '[]' END, '[]') END,
      -- The id is refused first, as without a dry run.
      'findings', CASE WHEN known.created_as IS NULL OR (known.is_same AND NOT known.transferred) THEN '[]'
        ELSE transfer_finding('id-in-use', jsonb_build_object('id', input->'step'->'id', 'pointer', base || '/step/id')::text) END || done.findings);
    IF input->'step' <> 'null' AND NOT _dry_run THEN
      -- The step ends where the container was disposed of, although it is nowhere then.
      after := done.after || coalesce(done.waste, '{}');
      step_of := step_of || index;
      steps := steps || complete_transfer_step(input->'step', done.before, after, input->>'barcode' IS NOT NULL);
      IF input->'step'->>'kind' = 'move' THEN
        -- These two are devices of the lab, so none is created, and they need no id.
        FOREACH named IN ARRAY ARRAY[done.before->>'device', after->>'device'] LOOP
          IF named IS NOT NULL AND NOT step_devices @> jsonb_build_array(jsonb_build_object('name', named)) THEN
            step_devices := step_devices || jsonb_build_object('id', NULL, 'name', named);
          END IF;
        END LOOP;
      END IF;
    END IF;
  END LOOP;
  IF _dry_run THEN
    RETURN;
  END IF;
  IF steps <> '[]' THEN
    IF any_known THEN
      BEGIN
        logged := log_transfer_steps(steps, step_devices, _batch, revision, ordinal, _audit);
      EXCEPTION WHEN SQLSTATE 'PS409' THEN
        GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
        refused := step_of[coalesce((members::jsonb->>'index')::integer, 0) + 1];
        PERFORM refuse(code, members::jsonb || CASE WHEN _batch
          THEN jsonb_build_object('index', refused, 'pointer', '/transfers/' || refused || '/step/id') ELSE jsonb_build_object('pointer', '/step/id') END);
      END;
    ELSE
      -- A new step has no id that could be in use. Who logs it too needs the lab lock.
      logged := log_transfer_steps(steps, step_devices, _batch, revision, ordinal, _audit);
    END IF;
  END IF;
  -- A step that ended is shown as it is now; its container too.
  IF any_known AND results @> '[{"ends": true}]' THEN
    UPDATE transfer_outcome o SET step = step_snapshot(o.step_id), revision = apply_transfers.revision,
      container = container_snapshot((o.container->>'id')::uuid)
    FROM jsonb_array_elements(results) r WHERE (r->>'ends')::boolean AND o.step_id = (r->>'repeats')::uuid;
  END IF;
  -- The revision was taken before it was known whether anything changes. It is given back if nothing did.
  present := revision;
  IF ordinal = 0 AND (logged->>'changed')::boolean IS NOT TRUE THEN
    UPDATE lab SET revision = lab.revision - 1 WHERE lab.id = 1 RETURNING lab.revision INTO present;
  END IF;
END $$;

-- prisma/sql/transfer/log_transfer_steps.sql
-- Logs the steps of transfers, and writes their event under the revision of the transfers, from `_ordinal` on. Returns { steps, changed }: the steps that are
-- new, as { id: snapshot }, and whether an event was written.
--
-- Locks: What log_steps locks, then the lab.
-- Raises: What log_steps and record_logged_steps raise.
CREATE OR REPLACE FUNCTION log_transfer_steps(_steps jsonb, _devices jsonb, _batch boolean, _revision bigint, _ordinal integer, _audit jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  snapshots jsonb;
  to_record jsonb;
BEGIN
  SELECT jsonb_object_agg((l.step).id, to_jsonb(l.step) || jsonb_build_object(
      'start', wire_time((l.step).start), 'finish', wire_time((l.step).finish), 'paused_at', wire_time((l.step).paused_at),
      'created_at', wire_time((l.step).created_at), 'updated_at', wire_time((l.step).updated_at))) FILTER (WHERE l.outcome = 'logged'),
    (array_agg(l.record) FILTER (WHERE l.record IS NOT NULL))[1]
  INTO snapshots, to_record FROM log_steps(_steps, _devices, _batch) l;
  PERFORM record_logged_steps(to_record, _audit, _revision, _ordinal);
  RETURN jsonb_build_object('steps', snapshots, 'changed', to_record IS NOT NULL);
END $$;

-- prisma/sql/transfer/lookup_transfer_container.sql
-- Returns the container with the id that a transfer names, or the container on the platform with the barcode that it
-- names, or null. It refuses nothing; require_transfer_container does.
CREATE OR REPLACE FUNCTION lookup_transfer_container(_input jsonb) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF _input->>'id' IS NOT NULL THEN
    RETURN (SELECT id FROM container WHERE id = (_input->>'id')::uuid);
  ELSIF _input->>'named' IS NOT NULL THEN
    RETURN (SELECT id FROM container WHERE barcode = _input->>'named' AND removed_at IS NULL);
  END IF;
  RETURN NULL;
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
-- Raises: What apply_transfers raises.
-- Settings: `plan_cache_mode = force_generic_plan`: its queries find everything by id, so one plan is good for all
-- values. Without the setting PostgreSQL may plan them again for each call, which takes longer than they run.
CREATE OR REPLACE FUNCTION transfer(_transfers jsonb, _devices jsonb, _batch boolean, _dry_run boolean, _audit jsonb)
RETURNS TABLE (container jsonb, step jsonb, findings jsonb, warnings jsonb, revision double precision) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  told_steps jsonb := jsonb_path_query_array(_transfers, '$[*].step ? (@ != null)');
  applied record;
  result jsonb;
  known record;
BEGIN
  IF told_steps <> '[]' THEN
    IF NOT _dry_run THEN
      PERFORM lock_for_steps(told_steps);
    END IF;
    RETURN QUERY
    SELECT NULL::jsonb, jsonb_build_object('id', m.step_id, 'name', m.name, 'data', m.data), NULL::jsonb, NULL::jsonb, NULL::double precision
    FROM steps_to_merge(told_steps) m;
    IF FOUND THEN
      RETURN;
    END IF;
  END IF;
  IF NOT _dry_run THEN
    applied := apply_transfers(_transfers, _devices, _batch, false, _audit);
  ELSE
    PERFORM lock_lab();
    BEGIN
      applied := apply_transfers(_transfers, _devices, _batch, true, _audit);
      RAISE EXCEPTION USING ERRCODE = 'PS204', MESSAGE = 'a dry run is undone';
    EXCEPTION WHEN SQLSTATE 'PS204' THEN
      NULL;
    END;
  END IF;
  FOR i IN 0 .. jsonb_array_length(applied.results) - 1 LOOP
    result := applied.results->i;
    findings := result->'findings';
    IF NOT _dry_run AND NOT result ? 'repeats' THEN
      container := coalesce(nullif(result->'container', 'null'), container_snapshot((result->>'container_id')::uuid));
      warnings := nullif(result->'warnings', 'null');
      IF result->>'step_id' IS NULL THEN
        step := NULL;
        revision := applied.present;
      ELSE
        step := coalesce(applied.logged->'steps'->(result->>'step_id'), step_snapshot((result->>'step_id')::uuid));
        revision := applied.revision;
        INSERT INTO transfer_outcome (step_id, container, step, warnings, created_as, revision)
        VALUES ((result->>'step_id')::uuid, transfer.container, transfer.step, transfer.warnings, result->>'told', applied.revision);
      END IF;
    ELSE
      SELECT o.container, o.step, o.warnings, o.revision, l.revision AS present INTO known
      FROM lab l LEFT JOIN transfer_outcome o ON o.step_id = coalesce(result->>'repeats', result->>'step_id')::uuid;
      container := CASE WHEN _dry_run OR known.container IS NULL
        THEN container_snapshot(coalesce(result->>'container_id', known.container->>'id')::uuid) ELSE known.container END;
      step := CASE WHEN NOT _dry_run THEN known.step END;
      warnings := coalesce(known.warnings, nullif(result->'warnings', 'null'));
      revision := CASE WHEN _dry_run OR known.revision IS NULL THEN known.present ELSE known.revision END;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
