-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

DROP FUNCTION mark_runs_ahead(jsonb);

-- prisma/sql/estimate/mark_and_hold_runs.sql
-- Marks runs as pending, as mark_runs does, and holds them so until the end of the transaction. For commands that write steps under the
-- lab lock: they call it before they take that lock. Then the trigger of the steps finds the runs marked, and waits for nobody.
--
-- Locks: The locks of the runs, shared (see run_lock), then what mark_runs locks.
CREATE OR REPLACE FUNCTION mark_and_hold_runs(_experiments uuid[], _days date[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(run.lock)
  FROM (
    SELECT run_lock('experiment ' || e.id) AS lock FROM unnest(_experiments) AS e (id)
    UNION SELECT run_lock('day ' || d.day) FROM unnest(_days) AS d (day)
  ) run WHERE run.lock IS NOT NULL;
  PERFORM mark_runs(_experiments, _days);
END $$;

-- prisma/sql/estimate/mark_runs.sql
-- Marks runs as pending: those of experiments, and those of days of steps without experiment. The learner (src/estimation/learner.ts)
-- learns from a pending run when it is over.
--
-- Locks: The rows of runs that were not pending, in the order of their keys. A run that is pending already is not touched or locked,
-- because many steps of a run are logged at the same time.
CREATE OR REPLACE FUNCTION mark_runs(_experiments uuid[], _days date[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO run (key, experiment_id, day)
  SELECT marked.key, marked.experiment_id, marked.day
  FROM (
    SELECT DISTINCT 'experiment ' || experiment_id AS key, experiment_id, NULL::date AS day FROM unnest(_experiments) AS e (experiment_id)
    UNION ALL
    SELECT DISTINCT 'day ' || day, NULL::uuid, day FROM unnest(_days) AS d (day)
  ) marked
  WHERE marked.key IS NOT NULL AND NOT EXISTS (SELECT FROM run known WHERE known.key = marked.key AND known.pending)
  ORDER BY marked.key
  ON CONFLICT (key) DO UPDATE SET pending = true;
END $$;

-- prisma/sql/estimate/mark_runs_pending.sql
-- Marks the runs of logged or changed steps as pending. Writing a step reads no history.
--
-- A step that is logged while its run is being learnt may be missing in the result. This can affect only the last step of the run,
-- because the next step marks the run again.
--
-- Locks: What mark_runs locks.
CREATE OR REPLACE FUNCTION mark_runs_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM mark_runs(array_agg(DISTINCT experiment_id) FILTER (WHERE experiment_id IS NOT NULL),
    array_agg(DISTINCT (start AT TIME ZONE 'UTC')::date) FILTER (WHERE experiment_id IS NULL))
  FROM changed WHERE finish IS NOT NULL;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER step_marks_runs_when_logged AFTER INSERT ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();

CREATE OR REPLACE TRIGGER step_marks_runs_when_changed AFTER UPDATE ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();

-- prisma/sql/estimate/run_lock.sql
-- Returns the advisory lock of a run. A command that has marked the run and will write its steps under the lab lock holds it shared. The
-- learner takes it alone, without waiting, before it says that a run is no longer pending: otherwise the command would have to mark the
-- run again, and wait for its row while the whole lab waits. There are 64 locks for all runs, because PostgreSQL has room for a few
-- thousand locks only.
CREATE OR REPLACE FUNCTION run_lock(_key text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 72707369000 + (hashtext(_key) & 63)
$$;

-- prisma/sql/import/complete_quiet_experiments.sql
-- Completes running experiments of which nothing was logged since `_before`: orchestrators do not say that an
-- experiment has ended. Returns how many.
--
-- Locks: The experiments, in the order of their ids, then the lab lock.
CREATE OR REPLACE FUNCTION complete_quiet_experiments(_experiments uuid[], _before timestamptz, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  quiet uuid;
  completed integer := 0;
BEGIN
  PERFORM 1 FROM experiment WHERE id = ANY (_experiments) AND status = 'running' ORDER BY id FOR NO KEY UPDATE;
  FOR quiet IN SELECT id FROM experiment WHERE id = ANY (_experiments) AND status = 'running' ORDER BY id LOOP
    CONTINUE WHEN EXISTS (SELECT FROM step WHERE experiment_id = quiet AND (finish IS NULL OR (believable AND finish >= _before)));
    PERFORM update_experiment(quiet, '{"status": "completed"}', _audit);
    completed := completed + 1;
  END LOOP;
  RETURN completed;
END $$;

-- prisma/sql/step/lock_for_steps.sql
-- Locks what the log of `_steps` will change, before the lab: the known steps, then the runs, then the experiments that start. Commands
-- that log steps under the lab lock call it before they take that lock, and the log of several steps calls it first. So all have one
-- order, and two commands never wait for each other: PostgreSQL ends such a deadlock only after a second.
--
-- Locks: The steps and the experiments, in the order of their ids; what mark_and_hold_runs locks.
CREATE OR REPLACE FUNCTION lock_for_steps(_steps jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  experiments uuid[];
  days date[];
BEGIN
  PERFORM 1 FROM step WHERE id IN (SELECT s.id FROM jsonb_to_recordset(_steps) AS s (id uuid)) ORDER BY id FOR NO KEY UPDATE;
  -- A step that was told before and is only repeated marks nothing.
  SELECT array_agg(DISTINCT s.experiment_id) FILTER (WHERE s.experiment_id IS NOT NULL), array_agg(DISTINCT s.day) FILTER (WHERE s.experiment_id IS NULL)
  INTO experiments, days
  FROM (
    SELECT coalesce(known.experiment_id, e.id) AS experiment_id, (coalesce(known.start, a.start) AT TIME ZONE 'UTC')::date AS day
    FROM jsonb_to_recordset(_steps) AS a (id uuid, experiment_uuid uuid, start timestamptz, finish timestamptz, created_as text)
    LEFT JOIN step known ON known.id = a.id
    LEFT JOIN experiment e ON e.id = a.experiment_uuid
    WHERE coalesce(known.finish, a.finish) IS NOT NULL AND coalesce(a.created_as NOT IN (known.created_as, coalesce(known.ended_as, '')), true)
  ) s;
  PERFORM mark_and_hold_runs(experiments, days);
  PERFORM 1 FROM experiment WHERE id = ANY (experiments || ARRAY(SELECT s.experiment_uuid FROM jsonb_to_recordset(_steps) AS s (experiment_uuid uuid)))
    AND status = 'created' ORDER BY id FOR NO KEY UPDATE;
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
      LEFT JOIN step_container sc ON sc.step_id = _id AND c.value->>'named' = ANY (sc.named || sc.also_named)
      GROUP BY sc.ordinal
    ) t
  ) IS DISTINCT FROM (
    SELECT array_agg(sc.ordinal ORDER BY sc.ordinal) FROM step_container sc WHERE sc.step_id = _id
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
    FROM jsonb_to_recordset(_steps) AS s (experiment_uuid uuid) WHERE s.experiment_uuid <> ALL (experiments);
    IF link_steps_to_experiments(unknown_experiments) > 0 THEN
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
