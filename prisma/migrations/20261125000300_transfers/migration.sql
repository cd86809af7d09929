-- What a robot did in one go, booked in one go: place, lid, barcode and step, or nothing.
--
-- A transfer is judged by the state in which it ends: a container's own body and lid are not in the way of each other as
-- long as they leave, anything else that is there is. A batch is judged one by one, each on what those before it left.
-- Rows are locked in the order of the step log (steps, experiments, lab), so that the two never wait for each other.

DROP FUNCTION log_steps(jsonb, jsonb, boolean, jsonb);
-- _steps: the steps as src/store/step-wishes.ts prepares them, no id twice. _devices: [{ id, name }] of every device they
-- name. Returns each step in order, with what became of it: logged, repeated (the same id and facts before) or extended
-- (repeated, with containers that were not named before).
-- As part of another command, it logs under that one's revision, from ordinal _ordinal on.
CREATE FUNCTION log_steps(
  _steps jsonb, _devices jsonb, _batch boolean, _by jsonb, _revision bigint DEFAULT NULL, _ordinal integer DEFAULT 0
)
RETURNS TABLE (outcome text, step step_state) LANGUAGE plpgsql AS $$
DECLARE
  unknown jsonb := unknown_devices(_devices, _steps);
  new_devices uuid[] := '{}';
  logged uuid[];
  extended uuid[] := '{}';
  experiments uuid[];
  unknown_experiments uuid[];
  started jsonb;
  touched record;
  this_revision bigint;
BEGIN
  IF unknown <> '[]' THEN
    new_devices := name_devices(unknown);
  END IF;

  WITH devices AS MATERIALIZED (
    SELECT * FROM devices_named(_devices)
  ),
  containers AS MATERIALIZED (
    SELECT * FROM containers_named(_steps)
  ),
  container_warnings AS (
    SELECT c.step_id, jsonb_agg(container_warning(c.ordinal, c.named, c.container_id) ORDER BY c.ordinal) AS list
    FROM containers c WHERE c.container_id IS NULL GROUP BY c.step_id
  ),
  inserted AS (
    INSERT INTO step (id, kind, name, fct, device_id, status, start, finish, commanded_seconds, data, is_simulation,
      origin_device_id, origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read,
      experiment_id, experiment_named, created_as, match_version, match_function, match_parameters, match_protocol, warnings)
    SELECT a.id, a.kind, a.name, a.fct, device.id, a.status, a.start, a.finish, a.commanded_seconds, a.data, a.is_simulation,
      origin.id, (a.origin->>'position')::integer, destination.id, (a.destination->>'position')::integer,
      a.lidded_before, a.lidded_after, a.barcode_read,
      e.id, CASE WHEN e.id IS NULL THEN a.experiment_named END,
      a.created_as, a.match_version, a.match_function, a.match_parameters, a.match_protocol,
      a.warnings
        || warning_list(device.code, '/device', device.detail)
        || warning_list(origin.code, '/origin/device', origin.detail)
        || warning_list(destination.code, '/destination/device', destination.detail)
        || coalesce(cw.list, '[]')
        || warning_list('unknown-experiment', '/experiment_id', CASE WHEN e.id IS NULL
             THEN 'No experiment "' || a.experiment_named || '" is known; the step is stored with the name.' END)
        || warning_list('experiment-ended', '/experiment_id', CASE WHEN e.status IN ('completed', 'aborted')
             THEN 'The experiment is ' || e.status || ' already; the step is stored with it.' END)
    FROM jsonb_to_recordset(_steps) AS a (
      id uuid, kind text, name text, fct text, device text, status text, start timestamptz, finish timestamptz,
      commanded_seconds double precision, data jsonb, is_simulation boolean,
      origin jsonb, destination jsonb, lidded_before boolean, lidded_after boolean, barcode_read boolean,
      experiment_uuid uuid, experiment_named text, warnings jsonb, created_as text,
      match_version integer, match_function text, match_parameters uuid, match_protocol uuid)
    JOIN devices device ON device.name = a.device
    LEFT JOIN devices origin ON origin.name = a.origin->>'device'
    LEFT JOIN devices destination ON destination.name = a.destination->>'device'
    LEFT JOIN experiment e ON e.id = a.experiment_uuid
    LEFT JOIN container_warnings cw ON cw.step_id = a.id
    -- in one order, so that two batches with steps in common wait for each other instead of blocking each other
    ORDER BY a.id
    ON CONFLICT ON CONSTRAINT step_pkey DO NOTHING
    RETURNING id, experiment_id
  ),
  inserted_containers AS (
    INSERT INTO step_container (step_id, ordinal, named, container_id)
    SELECT c.step_id, c.ordinal, c.named, c.container_id FROM containers c JOIN inserted i ON i.id = c.step_id
  )
  SELECT coalesce(array_agg(i.id), '{}'), coalesce(array_agg(DISTINCT i.experiment_id) FILTER (WHERE i.experiment_id IS NOT NULL), '{}')
  INTO logged, experiments FROM inserted i;

  IF cardinality(logged) < jsonb_array_length(_steps) THEN
    extended := extend_steps((
      SELECT jsonb_agg(s.value || jsonb_build_object('index', s.ordinality - 1))
      FROM jsonb_array_elements(_steps) WITH ORDINALITY s
      LEFT JOIN unnest(logged) AS l (id) ON l.id = (s.value->>'id')::uuid
      WHERE l.id IS NULL), _batch);
  END IF;

  IF cardinality(logged || extended) > 0 THEN
    started := start_experiments(experiments);
    this_revision := coalesce(_revision, next_revision());
    SELECT array_agg(DISTINCT s.experiment_uuid) INTO unknown_experiments
    FROM jsonb_to_recordset(_steps) AS s (experiment_uuid uuid) WHERE s.experiment_uuid <> ALL (experiments);
    IF adopt_steps(unknown_experiments) > 0 THEN
      started := started || start_experiments(unknown_experiments);
    END IF;

    SELECT count(*) AS steps, min(s.start) AS first_start, max(s.finish) AS last_finish,
      CASE WHEN count(*) = 1 THEN (array_agg(s.id))[1] END AS id,
      CASE WHEN count(DISTINCT s.device_id) = 1 THEN (array_agg(s.device_id))[1] END AS device_id,
      CASE WHEN count(DISTINCT s.experiment_id) = 1 THEN (array_agg(s.experiment_id))[1] END AS experiment_id
    INTO touched
    FROM unnest(logged || extended) AS t (id) JOIN step s ON s.id = t.id;
    INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, step_id, device_id, experiment_id, after)
    SELECT this_revision, _ordinal, lab.recorded_at, 'steps-logged', _by->>'actor', _by->>'reason', _by->>'request_id',
      touched.id, touched.device_id, touched.experiment_id,
      jsonb_build_object('logged', cardinality(logged), 'extended', cardinality(extended),
        'first_start', wire_time(touched.first_start), 'last_finish', wire_time(touched.last_finish))
    FROM lab;
    PERFORM record_named_devices(this_revision, _ordinal + 1, new_devices, _by);
    PERFORM record_experiment_event(this_revision, (_ordinal + 1 + cardinality(new_devices) + e.ordinality - 1)::integer,
      'experiment-updated', e.id::uuid, started->e.id, _by)
    FROM jsonb_object_keys(started) WITH ORDINALITY AS e (id, ordinality);
  END IF;

  RETURN QUERY
  SELECT CASE WHEN l.id IS NOT NULL THEN 'logged' WHEN x.id IS NOT NULL THEN 'extended' ELSE 'repeated' END, state
  FROM ROWS FROM (jsonb_to_recordset(_steps) AS (id uuid)) WITH ORDINALITY AS asked (id, ordinality)
  JOIN step_state state ON state.id = asked.id
  LEFT JOIN unnest(logged) AS l (id) ON l.id = asked.id
  LEFT JOIN unnest(extended) AS x (id) ON x.id = asked.id
  ORDER BY asked.ordinality;
END $$;

-- A refusal of one of the world's functions as a finding: { code, members }.
CREATE FUNCTION finding(_code text, _members text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_array(jsonb_build_object('code', _code, 'members', _members::jsonb))
$$;

-- The container with the id that a wish names, else the one on the platform with the barcode; null when there is none.
CREATE FUNCTION named_container(_wish jsonb) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF _wish->>'id' IS NOT NULL THEN
    RETURN (SELECT id FROM container WHERE id = (_wish->>'id')::uuid);
  END IF;
  RETURN (SELECT id FROM container WHERE barcode = _wish->>'named' AND removed_at IS NULL);
END $$;

-- What a transfer is about: the container named, else the one at the source. Refuses a source that contradicts.
CREATE FUNCTION transferred(_wish jsonb, _base text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  source uuid;
  there placement;
  found_id uuid;
  removed timestamptz;
  named text := coalesce(_wish->>'id', _wish->>'named');
BEGIN
  IF _wish->'source' <> 'null' THEN
    source := find_position(_wish->'source'->>'device', (_wish->'source'->>'position')::integer,
      jsonb_build_object('device', _base || '/source/device', 'position', _base || '/source/position'));
    SELECT * INTO there FROM placement WHERE position_id = source;
  END IF;
  IF named IS NULL THEN
    IF there.part IS DISTINCT FROM 'body' THEN
      PERFORM refuse('source-empty', jsonb_build_object('device', _wish->'source'->'device', 'position', _wish->'source'->'position',
        'pointer', _base || '/source') || CASE WHEN there.part = 'lid' THEN jsonb_build_object('occupant', occupant_of(source)) ELSE '{}' END);
    END IF;
    RETURN there.container_id;
  END IF;
  found_id := named_container(_wish);
  SELECT removed_at INTO removed FROM container WHERE id = found_id;
  IF found_id IS NULL THEN
    PERFORM refuse('container-not-found', jsonb_build_object('container', named, 'pointer', _base || '/container'));
  ELSIF removed IS NOT NULL THEN
    PERFORM refuse('container-removed', jsonb_build_object('container', found_id, 'removed_at', wire_time(removed)));
  ELSIF source IS NOT NULL AND (there.container_id IS DISTINCT FROM found_id OR there.part <> 'body') THEN
    PERFORM refuse_source(found_id, _wish->'source', NULL, _base || '/source');
  END IF;
  RETURN found_id;
END $$;

-- The container is not where it is said to be, or another barcode was read than it has.
CREATE FUNCTION refuse_source(_container uuid, _place jsonb, _barcode text, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM refuse('source-mismatch', (
    SELECT jsonb_build_object(
      'expected', jsonb_strip_nulls(jsonb_build_object('device', coalesce(_place->>'device', s.device),
        'position', coalesce((_place->>'position')::integer, s.position), 'barcode', _barcode)),
      'actual', CASE WHEN _barcode IS NULL THEN jsonb_build_object('device', s.device, 'position', s.position) ELSE (
        SELECT jsonb_build_object('device', o.device, 'position', o.position)
        FROM container_state o WHERE o.barcode = _barcode AND o.removed_at IS NULL) END,
      'container', jsonb_build_object('id', s.id, 'barcode', s.barcode), 'pointer', _pointer)
    FROM container_state s WHERE s.id = _container));
END $$;

CREATE FUNCTION refuse_barcode_of_another(_barcode text, _container uuid, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  holder jsonb;
BEGIN
  SELECT jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name, 'device', s.device, 'position', s.position) INTO holder
  FROM container_state s WHERE s.barcode = _barcode AND s.removed_at IS NULL AND s.id <> _container;
  IF FOUND THEN
    PERFORM refuse('barcode-in-use', jsonb_build_object('barcode', _barcode, 'pointer', _pointer, 'holder', holder));
  END IF;
END $$;

-- The barcode that was read on the way: the container's own, or one that nobody has.
CREATE FUNCTION refuse_misread(_container uuid, _barcode text, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  known text;
BEGIN
  SELECT barcode INTO known FROM container WHERE id = _container;
  IF known IS NULL THEN
    PERFORM refuse_barcode_of_another(_barcode, _container, _pointer);
  ELSIF known <> _barcode THEN
    PERFORM refuse_source(_container, NULL, _barcode, _pointer);
  END IF;
END $$;

-- The slot is where the container itself, or its lid, comes to be.
CREATE FUNCTION refuse_own_slot(_image jsonb, _part text, _position uuid, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM refuse('position-occupied', (
    SELECT jsonb_build_object('device', d.name, 'position', p.slot_number, 'pointer', _pointer, 'occupant', jsonb_build_object(
      'id', _image->'id', 'barcode', _image->'barcode', 'name', _image->'name', 'part', _part, 'since', wire_time(clock_timestamp())))
    FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = _position));
END $$;

-- The slot where a part of a container ends: the one asked for, or the lowest one that is free in the end. _vacated is the
-- slot that the container's other part leaves, _taken the one where it ends. Refuses a slot where another thing is, or that
-- is promised to another.
CREATE FUNCTION end_position(
  _container uuid, _part text, _device text, _slot integer, _vacated uuid, _taken uuid, _members jsonb, _reservation uuid
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  device_found uuid;
  chosen uuid;
  there placement;
BEGIN
  IF _reservation IS NOT NULL THEN
    PERFORM refuse_unknown_reservation(_reservation, jsonb_build_object('pointer', _members->'reservation'));
  END IF;
  IF _slot IS NULL THEN
    device_found := find_device(_device, _members->>'device');
    SELECT p.id INTO chosen
    FROM position p LEFT JOIN placement pl ON pl.position_id = p.id
    WHERE p.device_id = device_found AND p.retired_at IS NULL AND (pl.position_id IS NULL OR p.id = _vacated) AND p.id IS DISTINCT FROM _taken
      AND (SELECT r.id FROM promise r WHERE r.position_id = p.id) IS NOT DISTINCT FROM _reservation
    ORDER BY p.slot_number LIMIT 1;
    IF chosen IS NULL THEN
      PERFORM refuse_no_slot(device_found, _members, _reservation);
    END IF;
  ELSE
    chosen := find_position(_device, _slot, _members);
  END IF;
  SELECT * INTO there FROM placement WHERE position_id = chosen;
  IF there.container_id = _container AND there.part = _part THEN
    RETURN chosen;
  ELSIF there.container_id IS NOT NULL AND chosen IS DISTINCT FROM _vacated THEN
    PERFORM refuse_occupied(chosen, _members->>'position');
  END IF;
  PERFORM keep_promise(chosen, _part, _reservation, _members->>'position');
  RETURN chosen;
END $$;

-- One transfer, under the lab's lock. _wish has the members of the request, besides named and id: the barcode or id that it
-- names. With _collect it tells all that is in the way instead of refusing the first; then nothing is booked. Events are
-- numbered from _ordinal on; `events` is how many there were.
CREATE FUNCTION transfer_one(
  _wish jsonb, _base text, _collect boolean, _revision bigint, _ordinal integer, _by jsonb,
  OUT container_id uuid, OUT before jsonb, OUT events integer, OUT findings jsonb
) LANGUAGE plpgsql AS $$
DECLARE
  code text;
  members text;
  image jsonb;
  action text := coalesce(_wish->'lid'->>'action', 'keep');
  moves boolean := _wish->'target' <> 'null';
  body_from uuid;
  lid_from uuid;
  body_to uuid;
  lid_to uuid;
BEGIN
  findings := '[]';
  events := 0;
  BEGIN
    container_id := transferred(_wish, _base);
  EXCEPTION WHEN SQLSTATE 'PS409' THEN
    GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
    IF NOT _collect THEN RAISE; END IF;
    findings := findings || finding(code, members);
    -- of a container that is elsewhere, the rest can still be judged
    container_id := named_container(_wish);
    PERFORM 1 FROM container c WHERE c.id = container_id AND c.removed_at IS NULL;
    IF NOT FOUND THEN
      RETURN;
    END IF;
  END;
  before := container_image(container_id);
  SELECT pl.position_id INTO body_from FROM placement pl WHERE pl.container_id = transfer_one.container_id AND pl.part = 'body';
  SELECT pl.position_id INTO lid_from FROM placement pl WHERE pl.container_id = transfer_one.container_id AND pl.part = 'lid';

  IF _wish->>'barcode' IS NOT NULL THEN
    BEGIN
      PERFORM refuse_misread(container_id, _wish->>'barcode', _base || '/barcode');
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || finding(code, members);
    END;
  END IF;

  -- where the lid was, if told
  IF action = 'on' AND NOT (before->>'lidded')::boolean THEN
    BEGIN
      PERFORM refuse_other_lid_place(before, _wish->'lid'->>'device', (_wish->'lid'->>'position')::integer, _base || '/lid');
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || finding(code, members);
    END;
  END IF;

  IF moves THEN
    BEGIN
      body_to := end_position(container_id, 'body', _wish->'target'->>'device', (_wish->'target'->>'position')::integer,
        CASE WHEN action <> 'keep' THEN lid_from END, NULL,
        jsonb_build_object('device', _base || '/target/device', 'position', _base || '/target/position', 'reservation', _base || '/reservation_id'),
        (_wish->>'reservation_id')::uuid);
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || finding(code, members);
    END;
  END IF;

  IF action = 'off' THEN
    BEGIN
      -- a lid that lies on that device already stays, unless the body comes there
      IF _wish->'lid'->'position' = 'null' AND before->'lid'->>'device' = _wish->'lid'->>'device' AND lid_from IS DISTINCT FROM body_to THEN
        lid_to := lid_from;
      ELSE
        lid_to := end_position(container_id, 'lid', _wish->'lid'->>'device', (_wish->'lid'->>'position')::integer,
          CASE WHEN body_to <> body_from THEN body_from END, body_to,
          jsonb_build_object('device', _base || '/lid/device', 'position', _base || '/lid/position', 'reservation', _base || '/lid_reservation_id'),
          (_wish->>'lid_reservation_id')::uuid);
      END IF;
      IF lid_to = body_to THEN
        PERFORM refuse_own_slot(before, 'container', lid_to, _base || '/lid/position');
      END IF;
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      IF NOT _collect THEN RAISE; END IF;
      findings := findings || finding(code, members);
    END;
  END IF;
  IF findings <> '[]' THEN
    RETURN;
  END IF;

  image := before;
  IF _wish->>'barcode' IS NOT NULL AND before->>'barcode' IS NULL THEN
    UPDATE container c SET barcode = _wish->>'barcode', version = c.version + 1, updated_at = clock_timestamp() WHERE c.id = container_id;
    PERFORM record_container_event(_revision, _ordinal + events, 'barcode-set', container_id, image, _by);
    image := container_image(container_id);
    events := events + 1;
  END IF;
  IF lid_from IS NOT NULL AND (action = 'on' OR lid_to <> lid_from) THEN
    DELETE FROM placement pl WHERE pl.position_id = lid_from;
  END IF;
  IF action = 'on' AND NOT (before->>'lidded')::boolean THEN
    UPDATE container c SET lidded = true, version = c.version + 1, updated_at = clock_timestamp() WHERE c.id = container_id;
    PERFORM record_container_event(_revision, _ordinal + events, 'lidded', container_id, image, _by);
    image := container_image(container_id);
    events := events + 1;
  END IF;
  IF moves THEN
    IF body_to <> body_from THEN
      PERFORM put(container_id, 'body', body_to);
    END IF;
    PERFORM touch_container(container_id);
    PERFORM record_container_event(_revision, _ordinal + events, 'moved', container_id, image, _by);
    image := container_image(container_id);
    events := events + 1;
  END IF;
  IF action = 'off' AND ((before->>'lidded')::boolean OR lid_to IS DISTINCT FROM lid_from) THEN
    UPDATE container c SET lidded = false, version = c.version + 1, updated_at = clock_timestamp() WHERE c.id = container_id;
    PERFORM put(container_id, 'lid', lid_to);
    PERFORM record_container_event(_revision, _ordinal + events, 'unlidded', container_id, image, _by);
    events := events + 1;
  END IF;
END $$;

-- The lid lies elsewhere than said. One whose place was never told contradicts nothing.
CREATE FUNCTION refuse_other_lid_place(_before jsonb, _device text, _slot integer, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF _device IS NULL THEN
    RETURN;
  ELSIF _slot IS NULL THEN
    PERFORM find_device(_device, _pointer || '/device');
  ELSE
    PERFORM find_position(_device, _slot, jsonb_build_object('device', _pointer || '/device', 'position', _pointer || '/position'));
  END IF;
  IF _before->'lid'->>'device' <> _device OR (_before->'lid'->>'position')::integer <> _slot THEN
    PERFORM refuse('lid-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _device, 'position', _slot), 'actual', _before->'lid',
      'container', jsonb_build_object('id', _before->'id', 'barcode', _before->'barcode'), 'pointer', _pointer));
  END IF;
END $$;

-- A step of a transfer, with what the transfer knows better than its log: the containers, and, of a move, both ends and the lid.
CREATE FUNCTION step_of_transfer(_step jsonb, _before jsonb, _after jsonb, _barcode_read boolean) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT _step || jsonb_build_object(
    'containers', CASE WHEN _step->'containers' = '[]'
      THEN jsonb_build_array(jsonb_build_object('named', coalesce(_after->>'barcode', _after->>'id'), 'id', _after->'id'))
      ELSE _step->'containers' END,
    'lidded_before', coalesce(nullif(_step->'lidded_before', 'null'), _before->'lidded'),
    'lidded_after', coalesce(nullif(_step->'lidded_after', 'null'), _after->'lidded'),
    'barcode_read', coalesce(nullif(_step->'barcode_read', 'null'), to_jsonb(_barcode_read)))
  || CASE WHEN _step->>'kind' = 'move' THEN jsonb_build_object(
    'origin', coalesce(nullif(_step->'origin', 'null'), jsonb_build_object('device', _before->'device', 'position', _before->'position')),
    'destination', coalesce(nullif(_step->'destination', 'null'), jsonb_build_object('device', _after->'device', 'position', _after->'position')))
    ELSE '{}' END
$$;

-- _transfers: as the requests, with named, id and step (as src/store/step-wishes.ts prepares it) or null. _devices:
-- [{ id, name }] of the devices that the steps name. Returns each in order: the container and the step as they are in the
-- end, and of a dry run what is in the way (`revision` is then the present one).
CREATE FUNCTION transfer(_transfers jsonb, _devices jsonb, _batch boolean, _dry_run boolean, _by jsonb)
RETURNS TABLE (container jsonb, step jsonb, findings jsonb, revision double precision) LANGUAGE plpgsql AS $$
DECLARE
  wish jsonb;
  done record;
  index integer := 0;
  ordinal integer := 0;
  after jsonb;
  steps jsonb := '[]';
  step_of integer[] := '{}';
  step_devices jsonb := _devices;
  this_revision bigint;
  code text;
  members text;
  base text;
  results jsonb := '[]';
BEGIN
  PERFORM 1 FROM step WHERE id IN (SELECT (t->'step'->>'id')::uuid FROM jsonb_array_elements(_transfers) t) ORDER BY id FOR NO KEY UPDATE;
  PERFORM 1 FROM experiment WHERE id IN (SELECT (t->'step'->>'experiment_uuid')::uuid FROM jsonb_array_elements(_transfers) t)
  ORDER BY id FOR NO KEY UPDATE;
  PERFORM world_lock();
  BEGIN
    this_revision := next_revision();
    FOR wish IN SELECT value FROM jsonb_array_elements(_transfers) LOOP
      base := CASE WHEN _batch THEN '/transfers/' || index ELSE '' END;
      BEGIN
        SELECT * INTO done FROM transfer_one(wish, base, _dry_run, this_revision, ordinal, _by);
      EXCEPTION WHEN SQLSTATE 'PS409' THEN
        GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
        PERFORM refuse(code, CASE WHEN _batch THEN members::jsonb || jsonb_build_object('index', index) ELSE members::jsonb END);
      END;
      ordinal := ordinal + done.events;
      results := results || jsonb_build_object('container_id', done.container_id, 'step_id', wish->'step'->'id', 'findings', done.findings);
      IF wish->'step' <> 'null' AND NOT _dry_run THEN
        after := container_image(done.container_id);
        step_of := step_of || index;
        steps := steps || step_of_transfer(wish->'step', done.before, after, wish->>'barcode' IS NOT NULL);
        step_devices := step_devices || jsonb_build_array(
          jsonb_build_object('id', gen_random_uuid(), 'name', done.before->'device'), jsonb_build_object('id', gen_random_uuid(), 'name', after->'device'));
      END IF;
      index := index + 1;
    END LOOP;
    IF steps <> '[]' THEN
      BEGIN
        PERFORM log_steps(steps, (SELECT jsonb_agg(DISTINCT jsonb_build_object('id', d.id, 'name', d.name)) FROM (
          SELECT DISTINCT ON (value->>'name') value->'id' AS id, value->'name' AS name FROM jsonb_array_elements(step_devices)) d), _batch, _by, this_revision, ordinal);
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
    -- taken before it was known whether anything changes: given back when nothing did
    IF NOT EXISTS (SELECT FROM event e WHERE e.revision = this_revision) THEN
      UPDATE lab SET revision = lab.revision - 1 WHERE lab.id = 1;
    END IF;
  EXCEPTION WHEN SQLSTATE 'PS204' THEN
    NULL;
  END;
  RETURN QUERY
  SELECT container_image((r->>'container_id')::uuid), step_image((r->>'step_id')::uuid), r->'findings', l.revision::double precision
  FROM jsonb_array_elements(results) WITH ORDINALITY AS result (r, n) CROSS JOIN lab l ORDER BY n;
END $$;
