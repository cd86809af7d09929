-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

-- prisma/sql/container/bump_container_version.sql
-- Increments the version of a container, and sets the time of its last change.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION bump_container_version(_container uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE container SET version = version + 1, updated_at = command_time() WHERE id = _container;
END $$;

-- prisma/sql/event/changed_members.sql
-- Returns the members of the state before that differ from those after it, as `event_log` stores them. Null if there was nothing before.
-- Both have the same members. It is in PL/pgSQL, which plans the query once a connection: before PostgreSQL 18 a function in SQL is planned again for each call.
CREATE OR REPLACE FUNCTION changed_members(_before jsonb, _after jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN CASE WHEN _before IS NOT NULL THEN coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each(_before) WHERE value IS DISTINCT FROM _after->key), '{}') END;
END $$;

-- prisma/sql/event/link_event_devices.sql
-- Links each new event of a container to the devices that it concerns: those from which and to which the container or its lid moved, and
-- those where they stay. The events of a device are then two ranges of indexes: these links, and the events that have its id.
--
-- Locks: The command that adds the event holds the lab lock.
CREATE OR REPLACE FUNCTION link_event_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT found.id, e.revision, e.ordinal
  FROM added e
  CROSS JOIN LATERAL (
    -- Two names can be of one device. DISTINCT also keeps this subquery separate: otherwise each name is looked up for the column and for the condition.
    SELECT DISTINCT latest_device_named(named.name) AS id
    FROM (
      SELECT e.was->>'device' UNION SELECT e.was->'lid'->>'device' UNION SELECT e.became->>'device' UNION SELECT e.became->'lid'->>'device'
    ) AS named (name)
    WHERE named.name IS NOT NULL
  ) found
  WHERE e.container_id IS NOT NULL AND found.id IS NOT NULL AND found.id IS DISTINCT FROM e.device_id;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER event_links_devices AFTER INSERT ON event_log
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION link_event_devices();

-- prisma/sql/event/uuid_of_request.sql
-- Returns the id of the request if it is a UUID of version 7 in lower case, otherwise null. The service makes such ids, so most requests have one; as a
-- UUID it takes less than half of the space. They begin with their time, so the index has a few ranges of ids for each
-- sixteen pages. Ids of other versions have no order, so they are text.
CREATE OR REPLACE FUNCTION uuid_of_request(_audit jsonb) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN _audit->>'request_id' ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$' THEN (_audit->>'request_id')::uuid END
$$;

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
  IF _record->'unknown_experiments' <> 'null' AND EXISTS (
    SELECT FROM jsonb_array_elements_text(_record->'unknown_experiments') AS named JOIN experiment e ON e.id = named.value::uuid
      JOIN step s ON s.experiment_named = e.id::text) THEN
    RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'an experiment was created while its steps were logged';
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
  new_devices := ARRAY(SELECT jsonb_array_elements_text(_record->'new_devices')::uuid);
  IF cardinality(new_devices) > 0 THEN
    PERFORM record_unlisted_devices(this_revision, next, new_devices, _audit);
  END IF;
  next := next + cardinality(new_devices) - 1;
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
    IF results @> '[{"ends": true}]' THEN
      UPDATE transfer_outcome o SET step = step_snapshot(o.step_id), revision = this_revision,
        container = container_snapshot((o.container->>'id')::uuid)
      FROM jsonb_array_elements(results) r WHERE (r->>'ends')::boolean AND o.step_id = (r->>'repeats')::uuid;
    END IF;
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
-- Raises: id-in-use; unique_violation if another transaction logs one of the steps meanwhile. The caller tries again.
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
