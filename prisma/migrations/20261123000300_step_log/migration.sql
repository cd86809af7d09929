-- Logging steps: set-based, one call however many. A log entry is a fact and never refused for naming something unknown:
-- it is stored as named, with a warning. The lab's row is taken last, so that a batch of 5,000 does not stop the robots.

INSERT INTO device_group (name) VALUES ('devices');

-- The device that a log means by a name: the active one, else the one that bore the name last.
CREATE FUNCTION device_named(_name text) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT id FROM device WHERE name = _name ORDER BY retired_at DESC NULLS FIRST LIMIT 1
$$;

CREATE FUNCTION device_warning(_device uuid, _pointer text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN NOT listed THEN jsonb_build_array(jsonb_build_object('code', 'unknown-device', 'pointer', _pointer,
      'detail', 'No device of the lab is called "' || name || '"; the step is stored with the name.'))
    WHEN retired_at IS NOT NULL THEN jsonb_build_array(jsonb_build_object('code', 'retired-device', 'pointer', _pointer,
      'detail', 'The device "' || name || '" was retired; the step is stored with it.'))
    ELSE '[]' END
  FROM device WHERE id = _device
$$;

-- The container that bore a barcode at a time: the present one, else the last one that was still here then.
CREATE FUNCTION container_named(_id uuid, _barcode text, _at timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
  (SELECT c.id FROM container c WHERE c.id = _id)
  UNION ALL
  (SELECT c.id FROM container c
   WHERE _id IS NULL AND c.barcode = _barcode AND (c.removed_at IS NULL OR c.removed_at >= _at)
   ORDER BY c.removed_at DESC NULLS FIRST LIMIT 1)
$$;

-- _steps: the steps as src/store/steps.ts prepares them. _devices: [{ id, name }] of every device they name, the ids to
-- be used for names that nobody knows. Returns a row a step, in order: logged, repeated (same id and facts before) or
-- extended (repeated, with containers that were not named before).
CREATE FUNCTION log_steps(_steps jsonb, _devices jsonb, _batch boolean, _by jsonb)
RETURNS TABLE (step_id uuid, outcome text) LANGUAGE plpgsql AS $$
DECLARE
  new_devices uuid[];
  logged uuid[];
  extended uuid[] := '{}';
  clash record;
  this_revision bigint;
BEGIN
  WITH unlisted AS (
    INSERT INTO device (id, name, "group", listed)
    SELECT d.id, d.name, 'devices', false
    FROM jsonb_to_recordset(_devices) AS d (id uuid, name text)
    WHERE NOT EXISTS (SELECT FROM device known WHERE known.name = d.name)
    ORDER BY d.name
    ON CONFLICT (name) WHERE retired_at IS NULL DO NOTHING
    RETURNING id
  )
  SELECT coalesce(array_agg(id), '{}') INTO new_devices FROM unlisted;

  WITH devices AS MATERIALIZED (
    SELECT d.name, device_named(d.name) AS id FROM jsonb_to_recordset(_devices) AS d (name text)
  ),
  asked AS MATERIALIZED (
    SELECT s.* FROM jsonb_to_recordset(_steps) AS s (
      id uuid, kind text, name text, fct text, device text, status text, start timestamptz, finish timestamptz,
      commanded_seconds double precision, data jsonb, is_simulation boolean,
      origin jsonb, destination jsonb, lidded_before boolean, lidded_after boolean, barcode_read boolean,
      experiment_uuid uuid, experiment_named text, containers jsonb, warnings jsonb, created_as text,
      match_version integer, match_function text, match_parameters uuid, match_protocol uuid)
  ),
  named AS MATERIALIZED (
    SELECT a.id AS step_id, c.ordinal::integer - 1 AS ordinal, c.value->>'named' AS named,
      container_named((c.value->>'id')::uuid, c.value->>'named', a.start) AS container_id
    FROM asked a CROSS JOIN LATERAL jsonb_array_elements(a.containers) WITH ORDINALITY AS c (value, ordinal)
  ),
  container_warnings AS (
    SELECT n.step_id, jsonb_agg(jsonb_build_object('code', 'unknown-container', 'pointer', '/containers/' || n.ordinal,
      'detail', 'No container "' || n.named || '" is known; the step is stored with the name.') ORDER BY n.ordinal) AS list
    FROM named n WHERE n.container_id IS NULL GROUP BY n.step_id
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
        || device_warning(device.id, '/device')
        || coalesce(device_warning(origin.id, '/origin/device'), '[]')
        || coalesce(device_warning(destination.id, '/destination/device'), '[]')
        || coalesce(cw.list, '[]')
        || CASE WHEN a.experiment_named IS NOT NULL AND e.id IS NULL THEN jsonb_build_array(jsonb_build_object(
             'code', 'unknown-experiment', 'pointer', '/experiment_id',
             'detail', 'No experiment "' || a.experiment_named || '" is known; the step is stored with the name.'))
           WHEN e.status IN ('completed', 'aborted') THEN jsonb_build_array(jsonb_build_object(
             'code', 'experiment-ended', 'pointer', '/experiment_id',
             'detail', 'The experiment is ' || e.status || ' already; the step is stored with it.'))
           ELSE '[]' END
    FROM asked a
    JOIN devices device ON device.name = a.device
    LEFT JOIN devices origin ON origin.name = a.origin->>'device'
    LEFT JOIN devices destination ON destination.name = a.destination->>'device'
    LEFT JOIN experiment e ON e.id = a.experiment_uuid
    LEFT JOIN container_warnings cw ON cw.step_id = a.id
    ORDER BY a.id
    ON CONFLICT ON CONSTRAINT step_pkey DO NOTHING
    RETURNING id
  ),
  inserted_containers AS (
    INSERT INTO step_container (step_id, ordinal, named, container_id)
    SELECT n.step_id, n.ordinal, n.named, n.container_id FROM named n JOIN inserted i ON i.id = n.step_id
  )
  SELECT coalesce(array_agg(id), '{}') INTO logged FROM inserted;

  IF cardinality(logged) < jsonb_array_length(_steps) THEN
    -- the rest were logged before: equal facts are a repetition, to which containers may be added
    PERFORM 1 FROM step
    WHERE id IN (SELECT s.id FROM jsonb_to_recordset(_steps) AS s (id uuid) WHERE s.id <> ALL (logged)) ORDER BY id FOR UPDATE;
    SELECT s.id, s.ordinality - 1 AS index INTO clash
    FROM ROWS FROM (jsonb_to_recordset(_steps) AS (id uuid, created_as text)) WITH ORDINALITY s
    JOIN step known ON known.id = s.id
    WHERE known.created_as <> s.created_as ORDER BY s.ordinality LIMIT 1;
    IF FOUND THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', clash.id)
        || CASE WHEN _batch THEN jsonb_build_object('index', clash.index, 'pointer', '/steps/' || clash.index || '/id')
           ELSE '{"pointer": "/id"}' END);
    END IF;
    WITH added AS (
      INSERT INTO step_container (step_id, ordinal, named, container_id)
      SELECT s.id,
        coalesce((SELECT max(sc.ordinal) FROM step_container sc WHERE sc.step_id = s.id), -1) + c.ordinal,
        c.value->>'named', container_named((c.value->>'id')::uuid, c.value->>'named', s.start)
      FROM jsonb_to_recordset(_steps) AS s (id uuid, start timestamptz, containers jsonb)
      CROSS JOIN LATERAL jsonb_array_elements(s.containers) WITH ORDINALITY AS c (value, ordinal)
      WHERE s.id <> ALL (logged)
        AND NOT EXISTS (SELECT FROM step_container sc WHERE sc.step_id = s.id AND sc.named = c.value->>'named')
      RETURNING step_container.step_id
    ),
    touched AS (
      UPDATE step SET version = version + 1, updated_at = clock_timestamp()
      WHERE id IN (SELECT added.step_id FROM added) RETURNING id
    )
    SELECT coalesce(array_agg(id), '{}') INTO extended FROM touched;
  END IF;

  UPDATE experiment SET status = 'running', version = version + 1, updated_at = clock_timestamp()
  WHERE status = 'created' AND id IN (SELECT s.experiment_id FROM step s WHERE s.id = ANY (logged));

  IF cardinality(logged) > 0 OR cardinality(extended) > 0 THEN
    this_revision := next_revision();
    INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, step_id, device_id, experiment_id, after)
    SELECT this_revision, 0, l.recorded_at, 'steps-logged', _by->>'actor', _by->>'reason', _by->>'request_id',
      CASE WHEN count(*) = 1 THEN (array_agg(s.id))[1] END,
      CASE WHEN count(DISTINCT s.device_id) = 1 THEN (array_agg(s.device_id))[1] END,
      CASE WHEN count(DISTINCT s.experiment_id) = 1 THEN (array_agg(s.experiment_id) FILTER (WHERE s.experiment_id IS NOT NULL))[1] END,
      jsonb_build_object('steps', count(*), 'first_start', wire_time(min(s.start)), 'last_finish', wire_time(max(s.finish)))
    FROM step s CROSS JOIN lab l WHERE s.id = ANY (logged || extended) GROUP BY l.recorded_at;
    INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, device_id, after)
    SELECT this_revision, n.ordinality, l.recorded_at, 'device-named', _by->>'actor', _by->>'reason', _by->>'request_id',
      n.id, device_image(n.id)
    FROM unnest(new_devices) WITH ORDINALITY AS n (id, ordinality) CROSS JOIN lab l;
  END IF;

  RETURN QUERY
  SELECT s.id, CASE WHEN s.id = ANY (logged) THEN 'logged' WHEN s.id = ANY (extended) THEN 'extended' ELSE 'repeated' END
  FROM ROWS FROM (jsonb_to_recordset(_steps) AS (id uuid)) WITH ORDINALITY s (id, ordinality) ORDER BY s.ordinality;
END $$;
