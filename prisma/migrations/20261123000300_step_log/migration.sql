-- The log of steps and experiments. Set-based: one call however many steps. A log entry is a fact and never refused for
-- naming something unknown: it is stored as named, with a warning.
--
-- The lab's row is taken last, so that a batch of 5,000 does not stop the robots; only a name that nobody knows yet makes
-- a device, which is a change of the world and takes it first. Rows are locked in the order steps, experiments, lab.

INSERT INTO device_group (name) VALUES ('devices');

-- ── What a log means by a name ──────────────────────────────────────────────────────────────────────────────────────

-- The device that bears a name, else the one that bore it last.
CREATE FUNCTION device_named(_name text) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT id FROM device WHERE name = _name ORDER BY retired_at DESC NULLS FIRST LIMIT 1
$$;

-- Gives a device to every name that nobody knows: unlisted, without slots. _devices is [{ id, name }] with the ids to be
-- used. Returns the ids of the new ones. Takes the lab's row.
CREATE FUNCTION name_devices(_devices jsonb) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
  named uuid[];
BEGIN
  PERFORM world_lock();
  WITH unlisted AS (
    INSERT INTO device (id, name, "group", listed)
    SELECT d.id, d.name, 'devices', false
    FROM jsonb_to_recordset(_devices) AS d (id uuid, name text) WHERE device_named(d.name) IS NULL
    RETURNING id
  )
  SELECT coalesce(array_agg(id), '{}') INTO named FROM unlisted;
  RETURN named;
END $$;

-- Those of _devices that nobody knows and that a step names which was not logged before: repeating an old log under a name
-- that was changed since must not bring the name back.
CREATE FUNCTION unknown_devices(_devices jsonb, _steps jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM 1 FROM jsonb_to_recordset(_devices) AS d (name text) WHERE device_named(d.name) IS NULL LIMIT 1;
  IF NOT FOUND THEN
    RETURN '[]';
  END IF;
  RETURN (
    SELECT coalesce(jsonb_agg(d), '[]')
    FROM jsonb_to_recordset(_devices) AS d (id uuid, name text)
    WHERE device_named(d.name) IS NULL AND d.name IN (
      SELECT n.name
      FROM jsonb_to_recordset(_steps) AS s (id uuid, device text, origin jsonb, destination jsonb)
      CROSS JOIN LATERAL (VALUES (s.device), (s.origin->>'device'), (s.destination->>'device')) AS n (name)
      WHERE NOT EXISTS (SELECT FROM step known WHERE known.id = s.id)));
END $$;

-- As a list of one, to be put together with others; none without a detail.
CREATE FUNCTION warning_list(_code text, _pointer text, _detail text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN _detail IS NULL THEN '[]'
    ELSE jsonb_build_array(jsonb_build_object('code', _code, 'pointer', _pointer, 'detail', _detail)) END
$$;

-- The devices of such names, and what is odd about each.
CREATE FUNCTION devices_named(_devices jsonb) RETURNS TABLE (name text, id uuid, code text, detail text) LANGUAGE sql STABLE AS $$
  SELECT d.name, d.id,
    CASE WHEN NOT d.listed THEN 'unknown-device' WHEN d.retired_at IS NOT NULL THEN 'retired-device' END,
    CASE WHEN NOT d.listed THEN 'No device of the lab is called "' || d.name || '"; the step is stored with the name.'
      WHEN d.retired_at IS NOT NULL THEN 'The device "' || d.name || '" was retired; the step is stored with it.' END
  FROM jsonb_to_recordset(_devices) AS asked (name text)
  JOIN device d ON d.id = device_named(asked.name)
$$;

-- The container with an id; or the one that bore a barcode at that time, else the one on the platform, else the next.
CREATE FUNCTION container_named(_id uuid, _barcode text, _at timestamptz) RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 1 AS $$
  (SELECT c.id FROM container c WHERE c.id = _id)
  UNION ALL
  (SELECT c.id FROM container c
   WHERE _id IS NULL AND c.barcode = _barcode AND (c.removed_at IS NULL OR c.removed_at >= _at)
   ORDER BY c.created_at <= _at DESC, c.removed_at DESC NULLS FIRST LIMIT 1)
$$;

-- The containers of steps [{ id, start, containers: [{ named, id }] }]; one that a step names twice counts once.
CREATE FUNCTION containers_named(_steps jsonb) RETURNS TABLE (step_id uuid, ordinal integer, named text, container_id uuid)
LANGUAGE sql STABLE AS $$
  SELECT step_id, ordinal, named, container_id
  FROM (
    SELECT s.id AS step_id, c.ordinality::integer - 1 AS ordinal, c.value->>'named' AS named, found.id AS container_id,
      row_number() OVER (PARTITION BY s.id, coalesce(found.id::text, c.value->>'named') ORDER BY c.ordinality) AS nth
    FROM jsonb_to_recordset(_steps) AS s (id uuid, start timestamptz, containers jsonb)
    CROSS JOIN LATERAL jsonb_array_elements(s.containers) WITH ORDINALITY AS c (value, ordinality)
    LEFT JOIN LATERAL container_named((c.value->>'id')::uuid, c.value->>'named', s.start) AS found (id) ON true
  ) every_name
  WHERE nth = 1
$$;

CREATE FUNCTION container_warning(_ordinal integer, _named text, _container uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN _container IS NULL THEN jsonb_build_object('code', 'unknown-container', 'pointer', '/containers/' || _ordinal,
    'detail', 'No container "' || _named || '" is known; the step is stored with the name.') END
$$;

-- ── Images and events ───────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION step_image(_step uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object('start', wire_time(s.start), 'finish', wire_time(s.finish),
    'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM step_state s WHERE s.id = _step
$$;

CREATE FUNCTION experiment_image(_experiment uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object('first_start', wire_time(s.first_start), 'last_finish', wire_time(s.last_finish),
    'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM experiment_state s WHERE s.id = _experiment
$$;

CREATE FUNCTION record_experiment_event(
  _revision bigint, _ordinal integer, _kind text, _experiment uuid, _before jsonb, _by jsonb
) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, experiment_id, before, after)
  SELECT _revision, _ordinal, lab.recorded_at, _kind, _by->>'actor', _by->>'reason', _by->>'request_id', _experiment,
    _before, experiment_image(_experiment)
  FROM lab WHERE id = 1
$$;

-- New devices of a log, numbered on from _ordinal.
CREATE FUNCTION record_named_devices(_revision bigint, _ordinal integer, _devices uuid[], _by jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, device_id, after)
  SELECT _revision, _ordinal + n.ordinality - 1, lab.recorded_at, 'device-named',
    _by->>'actor', _by->>'reason', _by->>'request_id', n.id, device_image(n.id)
  FROM unnest(_devices) WITH ORDINALITY AS n (id, ordinality) CROSS JOIN lab
$$;

-- ── Experiments ─────────────────────────────────────────────────────────────────────────────────────────────────────

-- An experiment runs from its first step on. Returns { id: its image before } of those that were only created till now.
CREATE FUNCTION start_experiments(_experiments uuid[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
BEGIN
  SELECT jsonb_object_agg(e.id, experiment_image(e.id)) INTO before
  FROM (SELECT id FROM experiment WHERE id = ANY (_experiments) AND status = 'created' ORDER BY id FOR NO KEY UPDATE) e;
  IF before IS NOT NULL THEN
    UPDATE experiment SET status = 'running', version = version + 1, updated_at = clock_timestamp()
    WHERE id IN (SELECT key::uuid FROM jsonb_object_keys(before) AS key);
  END IF;
  RETURN coalesce(before, '{}');
END $$;

-- Steps that named an experiment before it was known become its steps. Both sides call this when they have the lab's row:
-- whoever has it second sees what the first left, so that no step is missed between the two.
CREATE FUNCTION adopt_steps(_experiments uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  adopted integer;
BEGIN
  UPDATE step s SET experiment_id = e.id, experiment_named = NULL, version = s.version + 1, updated_at = clock_timestamp(),
    warnings = jsonb_path_query_array(s.warnings, '$[*] ? (@.code != "unknown-experiment")')
  FROM experiment e WHERE e.id = ANY (_experiments) AND s.experiment_named = e.id::text;
  GET DIAGNOSTICS adopted = ROW_COUNT;
  RETURN adopted;
END $$;

-- _wish has the members of the request plus id and created_as. The outcome is created, or repeated (the same id and body).
CREATE FUNCTION create_experiment(_wish jsonb, _by jsonb) RETURNS TABLE (outcome text, experiment experiment_state)
LANGUAGE plpgsql AS $$
DECLARE
  wanted uuid := (_wish->>'id')::uuid;
  known text;
  this_revision bigint;
BEGIN
  INSERT INTO experiment (id, process_id, name, metadata, created_as)
  SELECT wanted, p.id, _wish->>'name', nullif(_wish->'metadata', 'null'), _wish->>'created_as'
  FROM process p WHERE p.id = (_wish->>'process_id')::uuid
  ON CONFLICT ON CONSTRAINT experiment_pkey DO NOTHING;
  IF FOUND THEN
    this_revision := next_revision();
    IF adopt_steps(ARRAY[wanted]) > 0 THEN
      UPDATE experiment e SET status = 'running' WHERE e.id = wanted;
    END IF;
    PERFORM record_experiment_event(this_revision, 0, 'experiment-created', wanted, NULL, _by);
    outcome := 'created';
  ELSE
    SELECT e.created_as INTO known FROM experiment e WHERE e.id = wanted;
    IF NOT FOUND THEN
      PERFORM refuse('process-not-found', jsonb_build_object('process_id', _wish->'process_id', 'pointer', '/process_id'));
    ELSIF known IS DISTINCT FROM _wish->>'created_as' THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', wanted, 'pointer', '/id'));
    END IF;
    outcome := 'repeated';
  END IF;
  SELECT s.* INTO experiment FROM experiment_state s WHERE s.id = wanted;
  RETURN NEXT;
END $$;

-- Changes status, name or metadata, as far as given; null clears. The caller has locked the experiment and looked at it.
CREATE FUNCTION change_experiment(_id uuid, _changes jsonb, _by jsonb) RETURNS SETOF experiment_state LANGUAGE plpgsql AS $$
DECLARE
  before jsonb := experiment_image(_id);
  wished jsonb := before || _changes;
BEGIN
  IF wished <> before THEN
    UPDATE experiment e SET status = wished->>'status', name = wished->>'name', metadata = nullif(wished->'metadata', 'null'),
      version = e.version + 1, updated_at = clock_timestamp()
    WHERE e.id = _id;
    PERFORM record_experiment_event(next_revision(), 0, 'experiment-updated', _id, before, _by);
  END IF;
  RETURN QUERY SELECT * FROM experiment_state s WHERE s.id = _id;
END $$;

-- ── Logging ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Steps that were logged before: equal facts are a repetition, which may name more containers. Returns the ids of those
-- to which containers were added. Each step has its `index` in the request.
CREATE FUNCTION extend_steps(_steps jsonb, _batch boolean) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
  clash record;
  extended uuid[];
BEGIN
  PERFORM 1 FROM step WHERE id IN (SELECT s.id FROM jsonb_to_recordset(_steps) AS s (id uuid)) ORDER BY id FOR NO KEY UPDATE;
  SELECT s.id, s.index INTO clash
  FROM jsonb_to_recordset(_steps) AS s (id uuid, index integer, created_as text) JOIN step known ON known.id = s.id
  WHERE known.created_as <> s.created_as ORDER BY s.index LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('id-in-use', CASE WHEN _batch
      THEN jsonb_build_object('id', clash.id, 'index', clash.index, 'pointer', '/steps/' || clash.index || '/id')
      ELSE jsonb_build_object('id', clash.id, 'pointer', '/id') END);
  END IF;

  WITH added AS (
    INSERT INTO step_container (step_id, ordinal, named, container_id)
    SELECT n.step_id,
      (SELECT coalesce(max(sc.ordinal), -1) FROM step_container sc WHERE sc.step_id = n.step_id)
        + row_number() OVER (PARTITION BY n.step_id ORDER BY n.ordinal),
      n.named, n.container_id
    FROM containers_named(_steps) n
    WHERE NOT EXISTS (
      SELECT FROM step_container sc WHERE sc.step_id = n.step_id AND (sc.named = n.named OR sc.container_id = n.container_id))
    RETURNING step_id, ordinal, named, container_id
  ),
  touched AS (
    UPDATE step s SET warnings = s.warnings || a.warnings, version = s.version + 1, updated_at = clock_timestamp()
    FROM (
      SELECT step_id, coalesce(jsonb_agg(container_warning(ordinal, named, container_id) ORDER BY ordinal)
        FILTER (WHERE container_id IS NULL), '[]') AS warnings
      FROM added GROUP BY step_id
    ) a
    WHERE s.id = a.step_id RETURNING s.id
  )
  SELECT coalesce(array_agg(id), '{}') INTO extended FROM touched;
  RETURN extended;
END $$;

-- _steps: the steps as src/store/step-wishes.ts prepares them, no id twice. _devices: [{ id, name }] of every device they
-- name. Returns each step in order, with what became of it: logged, repeated (the same id and facts before) or extended
-- (repeated, with containers that were not named before).
CREATE FUNCTION log_steps(_steps jsonb, _devices jsonb, _batch boolean, _by jsonb)
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
    this_revision := next_revision();
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
    SELECT this_revision, 0, lab.recorded_at, 'steps-logged', _by->>'actor', _by->>'reason', _by->>'request_id',
      touched.id, touched.device_id, touched.experiment_id,
      jsonb_build_object('logged', cardinality(logged), 'extended', cardinality(extended),
        'first_start', wire_time(touched.first_start), 'last_finish', wire_time(touched.last_finish))
    FROM lab;
    PERFORM record_named_devices(this_revision, 1, new_devices, _by);
    PERFORM record_experiment_event(this_revision, (1 + cardinality(new_devices) + e.ordinality - 1)::integer,
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

-- ── Finishing and correcting ────────────────────────────────────────────────────────────────────────────────────────

-- Changes a step as _change says: { members: { start, finish, status, is_simulation, data, fct, device }, of these those
-- that shall be as given; match: the match inputs of the step as it then is; containers: [{ named, id }] if they are
-- replaced; device_id: for a device that nobody knows; warnings: they replace those about what is changed }. The caller
-- has locked the step and looked at it. Nothing is written when nothing changes.
CREATE FUNCTION change_step(_id uuid, _change jsonb, _kind text, _by jsonb) RETURNS SETOF step_state LANGUAGE plpgsql AS $$
DECLARE
  before jsonb := step_image(_id);
  wished jsonb := before || (_change->'members');
  members text[];
  new_devices uuid[] := '{}';
  other_device uuid;
  containers_changed boolean;
  more_warnings jsonb := _change->'warnings';
  this_revision bigint;
BEGIN
  containers_changed := jsonb_path_query_array(_change, '$.containers[*].named') <> jsonb_path_query_array(before, '$.containers[*].named')
    AND _change ? 'containers';
  IF wished = before AND NOT containers_changed THEN
    RETURN QUERY SELECT * FROM step_state s WHERE s.id = _id;
    RETURN;
  END IF;
  SELECT array_agg(key) INTO members FROM jsonb_each(wished) AS w (key, value) WHERE value <> before->key;

  IF 'device' = ANY (members) THEN
    IF device_named(wished->>'device') IS NULL THEN
      new_devices := name_devices(jsonb_build_array(jsonb_build_object('id', _change->'device_id', 'name', wished->'device')));
    END IF;
    SELECT d.id, more_warnings || warning_list(d.code, '/device', d.detail) INTO other_device, more_warnings
    FROM devices_named(jsonb_build_array(jsonb_build_object('name', wished->'device'))) d;
  END IF;
  IF containers_changed THEN
    members := members || 'containers'::text;
    DELETE FROM step_container WHERE step_id = _id;
    WITH named AS (
      INSERT INTO step_container (step_id, ordinal, named, container_id)
      SELECT n.step_id, n.ordinal, n.named, n.container_id
      FROM containers_named(jsonb_build_array(jsonb_build_object('id', _id, 'start', wished->'start', 'containers', _change->'containers'))) n
      RETURNING ordinal, named, container_id
    )
    SELECT more_warnings || coalesce(jsonb_agg(container_warning(ordinal, named, container_id) ORDER BY ordinal), '[]')
    INTO more_warnings FROM named WHERE container_id IS NULL;
  END IF;

  UPDATE step s SET
    device_id = coalesce(other_device, s.device_id),
    start = (wished->>'start')::timestamptz, finish = (wished->>'finish')::timestamptz, status = wished->>'status',
    is_simulation = (wished->>'is_simulation')::boolean, data = wished->'data', fct = wished->>'fct',
    commanded_seconds = (_change->'match'->>'commanded_seconds')::double precision,
    match_version = (_change->'match'->>'match_version')::integer, match_function = _change->'match'->>'match_function',
    match_parameters = (_change->'match'->>'match_parameters')::uuid, match_protocol = (_change->'match'->>'match_protocol')::uuid,
    warnings = more_warnings || (
      SELECT coalesce(jsonb_agg(w.value ORDER BY w.ordinality), '[]')
      FROM jsonb_array_elements(s.warnings) WITH ORDINALITY AS w (value, ordinality)
      WHERE split_part(w.value->>'pointer', '/', 2) <> ALL (members)),
    version = s.version + 1, updated_at = clock_timestamp()
  WHERE s.id = _id;

  this_revision := next_revision();
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, step_id, device_id, experiment_id, before, after)
  SELECT this_revision, 0, lab.recorded_at, _kind, _by->>'actor', _by->>'reason', _by->>'request_id',
    s.id, s.device_id, s.experiment_id, before, step_image(s.id)
  FROM step s CROSS JOIN lab WHERE s.id = _id;
  PERFORM record_named_devices(this_revision, 1, new_devices, _by);
  RETURN QUERY SELECT * FROM step_state s WHERE s.id = _id;
END $$;
