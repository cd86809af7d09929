-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

DROP FUNCTION add_step_containers(jsonb);

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
    WHERE NOT EXISTS (
      SELECT FROM container_of_step sc
      WHERE sc.step_id = r.step_id
        AND ((sc.named || sc.also_named) && (r.named || r.also_named) OR sc.container_id = r.container_id OR sc.named = r.container_id::text))
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
-- The containers of all steps. Most steps name one container, by one name: it stands in their own row. Those of other steps are in step_container.
-- Whatever reads the containers of steps reads this view.
CREATE OR REPLACE VIEW container_of_step AS
SELECT s.id AS step_id, 0 AS ordinal, s.container_named AS named, NULL::text[] AS also_named, s.container_id FROM step s WHERE s.container_named IS NOT NULL
UNION ALL
SELECT sc.step_id, sc.ordinal, sc.named, sc.also_named, sc.container_id FROM step_container sc;

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

-- prisma/sql/step/refuse_two_places.sql
-- Refuses a container of a step in step_container while another one stands in the row of the step, and the other way round: a step would
-- then name a container twice, or two containers in no order.
--
-- Locks: The step, so that nobody writes to the other place meanwhile.
-- Raises: integrity_constraint_violation; no request causes it.
CREATE OR REPLACE FUNCTION refuse_two_places() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  its_own boolean;
BEGIN
  IF TG_TABLE_NAME LIKE 'step_container%' THEN
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
  FOR EACH ROW EXECUTE FUNCTION refuse_two_places();

CREATE OR REPLACE TRIGGER step_in_one_place BEFORE UPDATE OF container_named ON step
  FOR EACH ROW WHEN (OLD.container_named IS NULL AND NEW.container_named IS NOT NULL) EXECUTE FUNCTION refuse_two_places();

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
    LEFT JOIN LATERAL resolve_logged_container((a.containers->0->>'id')::uuid, a.containers->0->>'named', a.start) AS alone (id) ON jsonb_array_length(a.containers) = 1
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
