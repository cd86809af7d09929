-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

DROP FUNCTION add_step_containers(jsonb);

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

-- prisma/sql/estimate/newest_total_ratios.sql
-- Returns the ratios of the actual to the predicted time of the newest twenty runs, newest first, or null if there are none. It is a function because
-- only totals need them, and a query is started with every part that it might run.
CREATE OR REPLACE FUNCTION newest_total_ratios() RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (
    SELECT jsonb_agg(newest.total_ratio ORDER BY newest.ended_at DESC) FILTER (WHERE newest.total_ratio IS NOT NULL)
    FROM (SELECT total_ratio, ended_at FROM run WHERE margins IS NOT NULL AND ended_at <= now() ORDER BY ended_at DESC LIMIT 20) newest);
END $$;

-- prisma/sql/estimate/wider_history.sql
-- Returns the newest samples of the most specific of the levels 2 to 5 that has any: the level, the samples in seconds and their finishes in seconds since 1970,
-- newest first. A key is null if the step lacks what the level compares. All are null if no level has samples. Only samples that finished at or before
-- `_as_of` count, and at most `_size` of them. It is a function because most estimates have samples of level 1, and a query is planned and
-- started with every part that it might run.
--
-- Settings: `plan_cache_mode = force_generic_plan`, because each read is one range of an index, whatever the key is.
CREATE OR REPLACE FUNCTION wider_history(
  _key_2 bigint, _key_3 bigint, _key_4 bigint, _key_5 bigint, _as_of timestamptz, _size integer,
  OUT level integer, OUT samples double precision[], OUT finishes double precision[]
) LANGUAGE plpgsql STABLE PARALLEL SAFE
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  IF _key_2 IS NOT NULL THEN
    SELECT 2, array_agg(sample_seconds ORDER BY finish DESC), array_agg(date_part('epoch', finish) ORDER BY finish DESC) INTO level, samples, finishes
    FROM (SELECT sample_seconds, finish FROM step WHERE is_sample AND key_2 IS NOT NULL AND key_2 = _key_2 AND finish <= _as_of ORDER BY finish DESC LIMIT (SELECT _size)) recent;
  END IF;
  IF samples IS NULL AND _key_3 IS NOT NULL THEN
    SELECT 3, array_agg(sample_seconds ORDER BY finish DESC), array_agg(date_part('epoch', finish) ORDER BY finish DESC) INTO level, samples, finishes
    FROM (SELECT sample_seconds, finish FROM step WHERE is_sample AND key_3 IS NOT NULL AND key_3 = _key_3 AND finish <= _as_of ORDER BY finish DESC LIMIT (SELECT _size)) recent;
  END IF;
  IF samples IS NULL AND _key_4 IS NOT NULL THEN
    SELECT 4, array_agg(sample_seconds ORDER BY finish DESC), array_agg(date_part('epoch', finish) ORDER BY finish DESC) INTO level, samples, finishes
    FROM (SELECT sample_seconds, finish FROM step WHERE is_sample AND key_4 IS NOT NULL AND key_4 = _key_4 AND finish <= _as_of ORDER BY finish DESC LIMIT (SELECT _size)) recent;
  END IF;
  IF samples IS NULL AND _key_5 IS NOT NULL THEN
    SELECT 5, array_agg(sample_seconds ORDER BY finish DESC), array_agg(date_part('epoch', finish) ORDER BY finish DESC) INTO level, samples, finishes
    FROM (SELECT sample_seconds, finish FROM step WHERE is_sample AND key_5 IS NOT NULL AND key_5 = _key_5 AND finish <= _as_of ORDER BY finish DESC LIMIT (SELECT _size)) recent;
  END IF;
  level := CASE WHEN samples IS NOT NULL THEN level END;
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

-- prisma/sql/step/add_step_containers.sql
-- Adds the containers that steps name and do not have yet: [{ id, start, containers }]. A name that a step has already is no further
-- container, even if it is the barcode of another one by now; nor is another name of a container that it has. Returns the warnings
-- about each step that got containers, as [{ step_id, warnings }], or null if none did.
--
-- Locks: The caller has locked the steps.
CREATE OR REPLACE FUNCTION add_step_containers(_steps jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  added jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('step_id', n.step_id, 'named', n.named, 'also_named', nullif(n.also_named, '{}'), 'container_id', n.container_id,
    'ordinal', (SELECT coalesce(max(sc.ordinal), -1) FROM container_of_step sc WHERE sc.step_id = n.step_id) + n.nth)) INTO added
  FROM (
    SELECT r.*, row_number() OVER (PARTITION BY r.step_id ORDER BY r.ordinal) AS nth
    FROM resolve_logged_containers(_steps) r
    -- OFFSET 0: otherwise the containers of all steps would be read for it.
    WHERE NOT EXISTS (
      SELECT FROM container_of_step sc
      WHERE sc.step_id = r.step_id
        AND ((sc.named || sc.also_named) && (r.named || r.also_named) OR sc.container_id = r.container_id OR sc.named = r.container_id::text) OFFSET 0)
  ) n;
  IF added IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM move_to_step_container(ARRAY(SELECT DISTINCT (a->>'step_id')::uuid FROM jsonb_array_elements(added) a));
  INSERT INTO step_container (step_id, ordinal, named, also_named, container_id)
  SELECT a.* FROM jsonb_to_recordset(added) AS a (step_id uuid, ordinal integer, named text, also_named text[], container_id uuid);
  RETURN (
    SELECT jsonb_agg(w) FROM (
      SELECT a.step_id, coalesce(jsonb_agg(unknown_container_warning(a.ordinal, a.named, a.container_id) ORDER BY a.ordinal) FILTER (WHERE a.container_id IS NULL), '[]') AS warnings
      FROM jsonb_to_recordset(added) AS a (step_id uuid, ordinal integer, named text, container_id uuid) GROUP BY a.step_id) w);
END $$;

-- prisma/sql/step/container_of_step.sql
-- The containers of all steps. Most steps name one container, by one name: it stands in their own row. Those of other steps are in step_container, also
-- those of steps that were corrected. Whatever reads the containers of steps reads this view.
CREATE OR REPLACE VIEW container_of_step AS
SELECT s.id AS step_id, 0 AS ordinal, s.container_named AS named, NULL::text[] AS also_named, s.container_id FROM step s WHERE s.container_named IS NOT NULL
UNION ALL
SELECT sc.step_id, sc.ordinal, sc.named, sc.also_named, sc.container_id FROM step_container sc;

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

-- prisma/sql/step/move_to_step_container.sql
-- Moves the container that stands in the row of a step to step_container, because the step gets more of them.
--
-- Locks: The caller has locked the steps.
CREATE OR REPLACE FUNCTION move_to_step_container(_steps uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb := (
    SELECT jsonb_agg(jsonb_build_object('step_id', s.id, 'ordinal', 0, 'named', s.container_named, 'container_id', s.container_id))
    FROM step s WHERE s.id = ANY (_steps) AND s.container_named IS NOT NULL);
BEGIN
  IF moved IS NULL THEN
    RETURN;
  END IF;
  UPDATE step s SET container_named = NULL, container_id = NULL FROM jsonb_to_recordset(moved) AS m (step_id uuid) WHERE s.id = m.step_id;
  INSERT INTO step_container (step_id, ordinal, named, container_id)
  SELECT m.* FROM jsonb_to_recordset(moved) AS m (step_id uuid, ordinal integer, named text, container_id uuid);
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

-- prisma/sql/step/refuse_two_places.sql
-- Refuses a container of a step in step_container while another one stands in the row of the step, and the other way round: a step would
-- then name a container twice, or two containers in no order. The argument is the table of the trigger, because partitions have other names.
--
-- Locks: The step, so that nobody writes to the other place meanwhile.
-- Raises: integrity_constraint_violation; no request causes it.
CREATE OR REPLACE FUNCTION refuse_two_places() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  its_own boolean;
BEGIN
  IF TG_ARGV[0] = 'step_container' THEN
    SELECT s.container_named IS NOT NULL INTO its_own FROM step s WHERE s.id = NEW.step_id FOR NO KEY UPDATE;
  ELSE
    its_own := EXISTS (SELECT FROM step_container sc WHERE sc.step_id = NEW.id);
  END IF;
  IF its_own THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME,
      MESSAGE = 'the containers of a step are either in its row or in step_container';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER step_container_in_one_place BEFORE INSERT OR UPDATE OF step_id ON step_container
  FOR EACH ROW EXECUTE FUNCTION refuse_two_places('step_container');

CREATE OR REPLACE TRIGGER step_in_one_place BEFORE UPDATE OF container_named ON step
  FOR EACH ROW WHEN (OLD.container_named IS NULL AND NEW.container_named IS NOT NULL) EXECUTE FUNCTION refuse_two_places('step');

-- prisma/sql/step/step_state.sql
-- A step as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW step_state AS
SELECT
  s.id, s.kind, s.name, s.fct, d.name AS device, s.data, s.start, s.finish, s.status, s.duration_seconds,
  s.paused_at, coalesce(s.paused_seconds, 0) AS paused_seconds, active_seconds(s.duration_seconds, s.paused_seconds) AS active_seconds,
  s.experiment_id, s.experiment_named, s.is_simulation,
  CASE WHEN s.origin_device_id IS NOT NULL
    THEN jsonb_build_object('device', o.name, 'position', s.origin_position) END AS origin,
  CASE WHEN s.destination_device_id IS NOT NULL
    THEN jsonb_build_object('device', t.name, 'position', s.destination_position) END AS destination,
  s.lidded_before, s.lidded_after, s.barcode_read,
  CASE WHEN s.container_named IS NOT NULL
    -- A subquery, not a join: without statistics the planner would read all containers for each step of a join.
    THEN jsonb_build_array(jsonb_build_object('id', s.container_id, 'barcode', (SELECT barcode FROM container WHERE id = s.container_id), 'named', s.container_named))
    ELSE coalesce((
      SELECT jsonb_agg(jsonb_build_object('id', sc.container_id, 'barcode', (SELECT barcode FROM container WHERE id = sc.container_id), 'named', sc.named) ORDER BY sc.ordinal)
      FROM step_container sc WHERE sc.step_id = s.id), '[]') END AS containers,
  s.attempt, s.expected_seconds, s.error, s.session,
  s.excluded_from_estimates,
  s.warnings, s.created_at, s.updated_at, s.version
FROM step s
JOIN device d ON d.id = s.device_id
LEFT JOIN device o ON o.id = s.origin_device_id
LEFT JOIN device t ON t.id = s.destination_device_id;

-- prisma/sql/step/tell_steps_again.sql
-- Handles steps that were logged before. The first report of a step says what it is: its kind, device and start. Told again, it
-- may name more containers (`extended`), and a step that has not ended may end (`ended`): it takes the finish, the status, the name, the
-- data, the error, the lid, whether the barcode was read, the places, the session if it had none, and that it was a simulation. Otherwise nothing changes (`repeated`), and `differs` is
-- the first member in which the second report differs. Each of `_steps` has its `index` in the request. `before` is the
-- snapshot of a step that ended.
--
-- Locks: The steps, in the order of their ids.
-- Raises: id-in-use; serialization_failure if a step began while its end was told. The caller tries again.
CREATE OR REPLACE FUNCTION tell_steps_again(_steps jsonb, _devices jsonb, _batch boolean)
RETURNS TABLE (id uuid, outcome text, differs text, before jsonb) LANGUAGE plpgsql AS $$
DECLARE
  clash record;
  again jsonb;
  ending uuid[];
  paused record;
  more jsonb;
BEGIN
  PERFORM 1 FROM step WHERE step.id IN (SELECT s.id FROM jsonb_to_recordset(_steps) AS s (id uuid)) ORDER BY step.id FOR NO KEY UPDATE;
  SELECT known.id, (s.value->>'index')::integer AS index INTO clash
  FROM jsonb_array_elements(_steps) s JOIN step known ON known.id = (s.value->>'id')::uuid
  WHERE NOT is_same_step(known, s.value) ORDER BY index LIMIT 1;
  IF FOUND THEN
    PERFORM refuse('id-in-use', CASE WHEN _batch
      THEN jsonb_build_object('id', clash.id, 'index', clash.index, 'pointer', '/steps/' || clash.index || '/id')
      ELSE jsonb_build_object('id', clash.id, 'pointer', '/id') END);
  END IF;
  IF EXISTS (SELECT FROM steps_to_merge(_steps)) THEN
    RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'a step began while its end was told';
  END IF;

  -- What each step is now, as { id: { ends, differs, before } }. Steps that end have their snapshot.
  SELECT jsonb_object_agg(known.id, CASE
      WHEN s.value->>'created_as' IN (known.created_as, known.ended_as) THEN '{}'
      WHEN s.value->>'status' <> 'running' AND known.status IN ('running', 'paused', 'lost') THEN jsonb_build_object(
        'before', step_snapshot(known.id), 'differs', CASE
          WHEN coalesce(s.value->>'experiment_named', known.experiment_id::text, known.experiment_named) IS DISTINCT FROM coalesce(known.experiment_id::text, known.experiment_named)
            THEN 'experiment_id'
          WHEN coalesce(s.value->>'session', known.session) <> known.session THEN 'session' END)
      ELSE jsonb_build_object('differs', differing_member(known, s.value)) END),
    array_agg(known.id) FILTER (WHERE s.value->>'created_as' NOT IN (known.created_as, coalesce(known.ended_as, ''))
      AND s.value->>'status' <> 'running' AND known.status IN ('running', 'paused', 'lost'))
  INTO again, ending
  FROM jsonb_array_elements(_steps) s JOIN step known ON known.id = (s.value->>'id')::uuid;

  IF ending IS NOT NULL THEN
    PERFORM tell_pauses(_steps, ending);
    -- The end of a step ends its pause.
    FOR paused IN SELECT known.id, s.finish FROM jsonb_to_recordset(_steps) AS s (id uuid, finish timestamptz)
      JOIN step known ON known.id = s.id WHERE known.id = ANY (ending) AND known.status = 'paused' ORDER BY known.id LOOP
      PERFORM end_pause('step', paused.id, paused.finish, NULL);
    END LOOP;
    WITH devices AS MATERIALIZED (
      SELECT * FROM resolve_logged_devices(_devices)
    )
    UPDATE step known SET
      -- A corrected start may be after the finish.
      finish = greatest(s.finish, CASE WHEN s.finish IS NOT NULL THEN known.start END), status = s.status, name = s.name, data = s.data, fct = s.fct,
      error = coalesce(s.error, known.error), attempt = coalesce(s.attempt, known.attempt),
      expected_seconds = coalesce(s.expected_seconds, known.expected_seconds),
      lidded_before = coalesce(s.lidded_before, known.lidded_before), lidded_after = coalesce(s.lidded_after, known.lidded_after),
      barcode_read = coalesce(s.barcode_read, known.barcode_read), session = coalesce(known.session, s.session),
      is_simulation = known.is_simulation OR coalesce(s.is_simulation, false),
      origin_device_id = coalesce(origin.id, known.origin_device_id),
      origin_position = coalesce((s.origin->>'position')::integer, CASE WHEN coalesce(origin.id, known.origin_device_id) = known.origin_device_id THEN known.origin_position END),
      destination_device_id = coalesce(destination.id, known.destination_device_id),
      destination_position = coalesce((s.destination->>'position')::integer, CASE WHEN coalesce(destination.id, known.destination_device_id) = known.destination_device_id THEN known.destination_position END),
      commanded_seconds = s.commanded_seconds, match_version = s.match_version, match_function = s.match_function,
      match_parameters = s.match_parameters, match_protocol = s.match_protocol,
      warnings = kept.list || s.warnings
        || warning_list('clock-skew', '/finish', CASE WHEN s.finish < known.start
          THEN 'The finish ' || wire_time(s.finish) || ' is before the start; the start is stored as the finish.' END)
        || (SELECT coalesce(jsonb_agg(w), '[]') FROM jsonb_array_elements(clock_warnings(known.start, s.finish, s.status, known.created_at, command_time()::timestamptz(3),
            paused_seconds('step', known.id, known.start, known.created_at))) w
            WHERE NOT kept.list @> jsonb_build_array(w - 'detail'))
        || warning_list(origin.code, '/origin/device', CASE WHEN origin.id <> known.origin_device_id THEN origin.detail END)
        || warning_list(destination.code, '/destination/device', CASE WHEN destination.id <> known.destination_device_id THEN destination.detail END),
      ended_as = s.created_as, version = known.version + 1, updated_at = command_time()
    FROM jsonb_to_recordset(_steps) AS s (
      id uuid, status text, finish timestamptz, name text, data jsonb, fct text, error text, attempt integer, expected_seconds double precision,
      lidded_before boolean, lidded_after boolean, barcode_read boolean, session text, is_simulation boolean, origin jsonb, destination jsonb, warnings jsonb, created_as text,
      commanded_seconds double precision, match_version integer, match_function text, match_parameters uuid, match_protocol uuid, finish_unknown boolean)
    JOIN step present ON present.id = s.id
    LEFT JOIN devices origin ON origin.name = s.origin->>'device'
    LEFT JOIN devices destination ON destination.name = s.destination->>'device'
    CROSS JOIN LATERAL (
      -- Warnings about what the end does not change stay.
      SELECT coalesce(jsonb_agg(w.value ORDER BY w.ordinality), '[]') AS list
      FROM jsonb_array_elements(present.warnings) WITH ORDINALITY AS w (value, ordinality)
      WHERE coalesce(split_part(w.value->>'pointer', '/', 2), '') NOT IN ('finish', 'status', 'data')
        AND NOT (w.value->>'code' = 'clock-behind' AND s.finish_unknown IS NOT TRUE AND finish_explains(present.id, present.start, s.finish))
    ) kept
    WHERE known.id = s.id AND known.id = ANY (ending);
  END IF;

  more := add_step_containers(_steps);
  RETURN QUERY
  WITH touched AS (
    UPDATE step s SET warnings = s.warnings || more.warnings, updated_at = command_time(),
      version = s.version + CASE WHEN s.id = ANY (ending) THEN 0 ELSE 1 END
    FROM jsonb_to_recordset(more) AS more (step_id uuid, warnings jsonb) WHERE s.id = more.step_id RETURNING s.id
  )
  SELECT t.key::uuid, CASE WHEN t.key::uuid = ANY (ending) THEN 'ended' WHEN touched.id IS NOT NULL THEN 'extended' ELSE 'repeated' END,
    t.value->>'differs', t.value->'before'
  FROM jsonb_each(again) t LEFT JOIN touched ON touched.id = t.key::uuid;
END $$;

-- prisma/sql/step/update_step.sql
-- Changes a step. `_change` is { members, match, containers, device_id, warnings }. `members` has the new values of
-- start, finish, status, is_simulation, data, fct, device and exclude_from_estimates, as far as they are given. `match`
-- has the match inputs of the changed step. `containers` is [{ named, id }] if the containers are replaced. `device_id` is for a device
-- that has to be created. `warnings` replace those about what is changed. A pause ends with the step. Nothing is written if nothing changes.
--
-- Locks: The caller has locked the step and looked at it. Then the runs, then the lab.
CREATE OR REPLACE FUNCTION update_step(_id uuid, _change jsonb, _kind text, _audit jsonb) RETURNS SETOF step_state LANGUAGE plpgsql AS $$
DECLARE
  before jsonb := step_snapshot(_id);
  decision boolean := (SELECT s.exclude_from_estimates FROM step s WHERE s.id = _id);
  wanted jsonb := before || jsonb_build_object('exclude_from_estimates', decision) || (_change->'members');
  members text[];
  new_devices uuid[] := '{}';
  other_device uuid;
  containers_changed boolean;
  more_warnings jsonb := _change->'warnings';
  kept_warnings jsonb;
  this_revision bigint;
BEGIN
  -- A container that is named twice, by barcode and by id, is stored once. So the names are compared with those that are
  -- stored, and what they would be stored as.
  containers_changed := _change ? 'containers' AND (
    SELECT array_agg(t.ordinal ORDER BY t.first_named)
    FROM (
      SELECT sc.ordinal, min(c.ordinality) AS first_named
      FROM jsonb_array_elements(_change->'containers') WITH ORDINALITY AS c (value, ordinality)
      LEFT JOIN container_of_step sc ON sc.step_id = _id AND c.value->>'named' = ANY (sc.named || sc.also_named)
      GROUP BY sc.ordinal
    ) t
  ) IS DISTINCT FROM (
    SELECT array_agg(sc.ordinal ORDER BY sc.ordinal) FROM container_of_step sc WHERE sc.step_id = _id
  ) AND (
    SELECT coalesce(jsonb_agg(n.named ORDER BY n.ordinal), '[]')
    FROM resolve_logged_containers(jsonb_build_array(jsonb_build_object('id', _id, 'start', wanted->'start', 'containers', _change->'containers'))) n
  ) <> jsonb_path_query_array(before, '$.containers[*].named');
  IF wanted = before || jsonb_build_object('exclude_from_estimates', decision) AND NOT containers_changed THEN
    RETURN QUERY SELECT * FROM step_state s WHERE s.id = _id;
    RETURN;
  END IF;
  SELECT array_agg(key) INTO members FROM jsonb_each(wanted) AS w (key, value) WHERE value <> coalesce(before->key, 'null');

  IF members && ARRAY['start', 'finish', 'device'] THEN
    -- The run that the step leaves learns again, too. Next the lab lock may be taken, for an unknown device.
    PERFORM mark_and_hold_runs(array_agg(s.experiment_id) FILTER (WHERE s.experiment_id IS NOT NULL),
      array_agg((t.start AT TIME ZONE 'UTC')::date) FILTER (WHERE s.experiment_id IS NULL))
    FROM step s CROSS JOIN unnest(ARRAY[s.start, (wanted->>'start')::timestamptz]) AS t (start)
    WHERE s.id = _id AND coalesce(s.finish, (wanted->>'finish')::timestamptz) IS NOT NULL;
  END IF;
  IF 'device' = ANY (members) THEN
    IF latest_device_named(wanted->>'device') IS NULL THEN
      new_devices := create_unlisted_devices(jsonb_build_array(jsonb_build_object('id', _change->'device_id', 'name', wanted->'device')));
    END IF;
    SELECT d.id, more_warnings || warning_list(d.code, '/device', d.detail) INTO other_device, more_warnings
    FROM resolve_logged_devices(jsonb_build_array(jsonb_build_object('name', wanted->'device'))) d;
  END IF;
  IF containers_changed THEN
    members := members || 'containers'::text;
    UPDATE step SET container_named = NULL, container_id = NULL WHERE id = _id AND container_named IS NOT NULL;
    DELETE FROM step_container WHERE step_id = _id;
    WITH named AS (
      INSERT INTO step_container (step_id, ordinal, named, also_named, container_id)
      SELECT n.step_id, n.ordinal, n.named, nullif(n.also_named, '{}'), n.container_id
      FROM resolve_logged_containers(jsonb_build_array(jsonb_build_object('id', _id, 'start', wanted->'start', 'containers', _change->'containers'))) n
      RETURNING ordinal, named, container_id
    )
    SELECT more_warnings || coalesce(jsonb_agg(unknown_container_warning(ordinal, named, container_id) ORDER BY ordinal), '[]')
    INTO more_warnings FROM named WHERE container_id IS NULL;
  END IF;

  -- A warning stays as long as what it is about stays. Of `data` each member is looked at for itself.
  SELECT coalesce(jsonb_agg(w.value ORDER BY w.ordinality), '[]') INTO kept_warnings
  FROM step s, jsonb_array_elements(s.warnings) WITH ORDINALITY AS w (value, ordinality)
  CROSS JOIN LATERAL string_to_array(w.value->>'pointer', '/') AS path
  WHERE s.id = _id
    AND (coalesce(path[2] <> ALL (members), true) OR (path[2] = 'data' AND before->'data'->unescape_pointer(path[3]) = wanted->'data'->unescape_pointer(path[3])))
    AND NOT (w.value->>'code' = 'clock-behind' AND 'finish' = ANY (members)
      AND finish_explains(_id, (wanted->>'start')::timestamptz, (wanted->>'finish')::timestamptz))
    AND NOT (w.value->>'code' = 'implausible-duration' AND members && ARRAY['start', 'finish', 'data', 'device']);
  IF members && ARRAY['start', 'finish', 'status'] THEN
    SELECT more_warnings || coalesce(jsonb_agg(w), '[]') INTO more_warnings
    FROM step s, jsonb_array_elements(clock_warnings((wanted->>'start')::timestamptz, (wanted->>'finish')::timestamptz, wanted->>'status',
      s.created_at, command_time()::timestamptz(3), paused_seconds('step', _id, (wanted->>'start')::timestamptz, s.created_at))) w
    WHERE s.id = _id AND NOT kept_warnings @> jsonb_build_array(w - 'detail');
  END IF;

  IF before->>'status' = 'paused' AND wanted->>'status' <> 'paused' THEN
    -- The end of a step ends its pause.
    PERFORM end_pause('step', _id, (wanted->>'finish')::timestamptz, NULL);
  END IF;
  UPDATE step s SET
    device_id = coalesce(other_device, s.device_id),
    start = (wanted->>'start')::timestamptz, finish = (wanted->>'finish')::timestamptz, status = wanted->>'status',
    is_simulation = (wanted->>'is_simulation')::boolean, data = wanted->'data', fct = wanted->>'fct',
    commanded_seconds = (_change->'match'->>'commanded_seconds')::double precision,
    match_version = (_change->'match'->>'match_version')::integer, match_function = _change->'match'->>'match_function',
    match_parameters = (_change->'match'->>'match_parameters')::uuid, match_protocol = (_change->'match'->>'match_protocol')::uuid,
    exclude_from_estimates = (wanted->>'exclude_from_estimates')::boolean,
    warnings = more_warnings || kept_warnings,
    version = s.version + 1, updated_at = command_time()
  WHERE s.id = _id;
  IF (SELECT s.is_sample AND s.sample_seconds > 86400 FROM step s WHERE s.id = _id) THEN
    PERFORM warn_of_implausible_steps(ARRAY[_id]);
  END IF;

  this_revision := next_revision();
  PERFORM record_step_event(this_revision, _kind, _id, before, _audit);
  PERFORM record_unlisted_devices(this_revision, 1, new_devices, _audit);
  RETURN QUERY SELECT * FROM step_state s WHERE s.id = _id;
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
-- Locks: The caller has called lock_for_steps, unless it is a dry run, and lock_lab.
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
-- new, as { id: snapshot } with what step_snapshot would return, and whether an event was written.
--
-- Locks: What log_steps locks, then the lab.
-- Raises: What log_steps and record_logged_steps raise; serialization_failure if a step began while its end was told. The caller tries again.
CREATE OR REPLACE FUNCTION log_transfer_steps(_steps jsonb, _devices jsonb, _batch boolean, _revision bigint, _ordinal integer, _audit jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  snapshots jsonb;
  to_record jsonb;
  merges boolean;
BEGIN
  SELECT jsonb_object_agg((l.step).id, to_jsonb(l.step) || jsonb_build_object(
      'start', wire_time((l.step).start), 'finish', wire_time((l.step).finish), 'paused_at', wire_time((l.step).paused_at),
      'created_at', wire_time((l.step).created_at), 'updated_at', wire_time((l.step).updated_at))) FILTER (WHERE l.outcome = 'logged'),
    (array_agg(l.record) FILTER (WHERE l.record IS NOT NULL))[1], bool_or(l.outcome = 'merge')
  INTO snapshots, to_record, merges FROM log_steps(_steps, _devices, _batch) l;
  IF merges THEN
    RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'a step began while its end was told';
  END IF;
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
  new_steps jsonb;
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
  PERFORM lock_lab();
  IF NOT _dry_run THEN
    applied := apply_transfers(_transfers, _devices, _batch, false, _audit);
  ELSE
    BEGIN
      applied := apply_transfers(_transfers, _devices, _batch, true, _audit);
      RAISE EXCEPTION USING ERRCODE = 'PS204', MESSAGE = 'a dry run is undone';
    EXCEPTION WHEN SQLSTATE 'PS204' THEN
      NULL;
    END;
  END IF;
  -- Once: each time it would copy the steps of all transfers.
  new_steps := applied.logged->'steps';
  FOR i IN 0 .. jsonb_array_length(applied.results) - 1 LOOP
    result := applied.results->i;
    findings := result->'findings';
    IF NOT _dry_run AND NOT result ? 'repeats' THEN
      container := coalesce(nullif(result->'container', 'null'), container_snapshot((result->>'container_id')::uuid));
      warnings := nullif(result->'warnings', 'null');
      revision := applied.present;
      IF result->>'step_id' IS NULL THEN
        step := NULL;
      ELSE
        step := coalesce(new_steps->(result->>'step_id'), step_snapshot((result->>'step_id')::uuid));
        INSERT INTO transfer_outcome (step_id, container, step, warnings, created_as, revision)
        VALUES ((result->>'step_id')::uuid, transfer.container, transfer.step, transfer.warnings, result->>'told', applied.present);
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

-- prisma/sql/step/experiments_and_containers.sql
-- Returns the experiments and the containers of some steps: what the event that logs them at once concerns.
CREATE OR REPLACE FUNCTION experiments_and_containers(_steps uuid[]) RETURNS uuid[] LANGUAGE sql STABLE AS $$
  SELECT array_agg(c.id) FROM (
    SELECT sc.container_id FROM container_of_step sc WHERE sc.step_id = ANY (_steps)
    UNION SELECT s.experiment_id FROM step s WHERE s.id = ANY (_steps)
    UNION SELECT unnest(unknown_experiment(s.experiment_named)) FROM step s WHERE s.id = ANY (_steps)
  ) c (id) WHERE c.id IS NOT NULL
$$;

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
-- Raises: id-in-use; unique_violation if another transaction logs one of the steps meanwhile. The caller tries again.
-- Settings: `plan_cache_mode = force_generic_plan`: its queries find everything by id and name, so one plan is good
-- for all values. Without the setting PostgreSQL may plan them again for each call: 2.7 ms a step instead of 1.6.
CREATE OR REPLACE FUNCTION log_steps(_steps jsonb, _devices jsonb, _batch boolean)
RETURNS TABLE (outcome text, step step_state, record jsonb) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  -- the steps that name several containers; a step that names one has it in its own row
  with_several jsonb := (SELECT coalesce(jsonb_agg(s.value), '[]') FROM jsonb_array_elements(_steps) s WHERE jsonb_array_length(s.value->'containers') > 1);
  several jsonb;
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
    SELECT * FROM resolve_logged_containers(with_several)
  ),
  container_warnings AS (
    SELECT c.step_id, jsonb_agg(unknown_container_warning(c.ordinal, c.named, c.container_id) ORDER BY c.ordinal) AS list
    FROM containers c WHERE c.container_id IS NULL GROUP BY c.step_id
  ),
  inserted AS (
    INSERT INTO step (id, kind, name, fct, device_id, status, start, finish, commanded_seconds, data, is_simulation,
      origin_device_id, origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read,
      attempt, expected_seconds, error, session, experiment_id, experiment_named, container_named, container_id, created_as, created_at, updated_at, match_version, match_function, match_parameters, match_protocol, warnings)
    SELECT a.id, a.kind, a.name, a.fct, device.id, a.status, a.start, a.finish, a.commanded_seconds, a.data, a.is_simulation,
      origin.id, (a.origin->>'position')::integer, destination.id, (a.destination->>'position')::integer,
      a.lidded_before, a.lidded_after, a.barcode_read,
      a.attempt, a.expected_seconds, a.error, a.session, e.id, CASE WHEN e.id IS NULL THEN a.experiment_named END,
      CASE WHEN jsonb_array_length(a.containers) = 1 THEN a.containers->0->>'named' END, alone.id, a.created_as, command_time(), command_time(), a.match_version, a.match_function, a.match_parameters, a.match_protocol,
      a.warnings
        || clock_warnings(a.start, a.finish, a.status, told, told)
        || warning_list(device.code, '/device', device.detail)
        || warning_list(origin.code, '/origin/device', origin.detail)
        || warning_list(destination.code, '/destination/device', destination.detail)
        || CASE WHEN jsonb_array_length(a.containers) = 1 AND alone.id IS NULL
             THEN jsonb_build_array(unknown_container_warning(0, a.containers->0->>'named', NULL)) ELSE coalesce(cw.list, '[]') END
        || warning_list('unknown-experiment', '/experiment_id', CASE WHEN e.id IS NULL
             THEN 'No experiment "' || a.experiment_named || '" is known; the step is stored with the name.' END)
        || warning_list('experiment-ended', '/experiment_id', CASE WHEN e.status IN ('completed', 'aborted')
             THEN 'The experiment is already ' || e.status || '. The step was added to it.' END)
    FROM jsonb_to_recordset(_steps) AS a (
      id uuid, kind text, name text, fct text, device text, status text, start timestamptz, finish timestamptz, containers jsonb,
      commanded_seconds double precision, data jsonb, is_simulation boolean,
      origin jsonb, destination jsonb, lidded_before boolean, lidded_after boolean, barcode_read boolean,
      attempt integer, expected_seconds double precision, error text, session text, experiment_uuid uuid, experiment_named text, warnings jsonb, created_as text,
      match_version integer, match_function text, match_parameters uuid, match_protocol uuid)
    JOIN devices device ON device.name = a.device
    LEFT JOIN devices origin ON origin.name = a.origin->>'device'
    LEFT JOIN devices destination ON destination.name = a.destination->>'device'
    LEFT JOIN experiment e ON e.id = a.experiment_uuid
    LEFT JOIN container_warnings cw ON cw.step_id = a.id
    -- OFFSET 0: otherwise the function would be called before the condition is looked at.
    LEFT JOIN LATERAL (
      SELECT found.id FROM resolve_logged_container((a.containers->0->>'id')::uuid, a.containers->0->>'named', a.start) AS found (id)
      WHERE jsonb_array_length(a.containers) = 1 OFFSET 0
    ) alone ON true
    -- Told again, a move need not say its places, and the constraints would refuse it before the conflict is found.
    WHERE NOT EXISTS (SELECT FROM step known WHERE known.id = a.id)
    -- One order for all: two batches with steps in common wait for each other and do not deadlock.
    ORDER BY a.id
    RETURNING id, experiment_id, is_sample AND sample_seconds > 86400 AS is_long
  )
  SELECT coalesce(array_agg(i.id), '{}'), coalesce(array_agg(DISTINCT i.experiment_id) FILTER (WHERE i.experiment_id IS NOT NULL), '{}'),
    array_agg(i.id) FILTER (WHERE i.is_long), (SELECT jsonb_agg(c) FROM containers c)
  INTO logged, experiments, long, several FROM inserted i;
  IF several IS NOT NULL THEN
    INSERT INTO step_container (step_id, ordinal, named, also_named, container_id)
    SELECT c.step_id, c.ordinal, c.named, nullif(c.also_named, '{}'), c.container_id
    FROM jsonb_to_recordset(several) AS c (step_id uuid, ordinal integer, named text, also_named text[], container_id uuid)
    JOIN unnest(logged) AS l (id) ON l.id = c.step_id;
  END IF;
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

-- prisma/sql/step/record_step_event.sql
-- Records an event of one step. It also concerns the device and the containers that a correction took from the step.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_step_event(_revision bigint, _kind text, _step uuid, _before jsonb, _audit jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became, concerns)
  SELECT _revision, 0, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
    s.id, s.device_id, s.experiment_id, changed_members(_before, snapshot.after), snapshot.after,
    nullif(unknown_experiment(s.experiment_named) || ARRAY(
      SELECT (c.value->>'id')::uuid FROM jsonb_array_elements(_before->'containers') c
      WHERE c.value->>'id' IS NOT NULL AND NOT EXISTS (SELECT FROM container_of_step sc WHERE sc.step_id = s.id AND sc.container_id = (c.value->>'id')::uuid)
    ), '{}')
  FROM step s CROSS JOIN lab CROSS JOIN LATERAL (SELECT step_snapshot(s.id) AS after) snapshot WHERE s.id = _step;

  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT former.id, _revision, 0 FROM step s CROSS JOIN LATERAL (SELECT latest_device_named(_before->>'device') AS id) former
  WHERE s.id = _step AND former.id <> s.device_id
$$;
