-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

DROP FUNCTION data_to_merge(jsonb);

-- prisma/sql/step/is_another_place.sql
-- Returns whether the origin or destination that is told about a move, `{ device, position }`, is another one than the stored place. A
-- place that is told without its slot is the same whatever the slot is.
CREATE OR REPLACE FUNCTION is_another_place(_told jsonb, _device uuid, _position integer) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT _told ? 'device' AND (latest_device_named(_told->>'device') IS DISTINCT FROM _device
    OR coalesce((_told->>'position')::integer, _position) IS DISTINCT FROM _position)
$$;

-- prisma/sql/step/is_same_step.sql
-- Returns whether a report is about a step that is stored: its kind, device and start are those of the first report, or those that the
-- step has by now. The name does not matter: an orchestrator may know it only at the end, or tell it only at the start.
CREATE OR REPLACE FUNCTION is_same_step(_known step, _told jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT split_part(_known.created_as, ':', 1) IN (split_part(_told->>'created_as', ':', 1), coalesce(_told->>'identity_with_name', ''))
    OR (_known.kind = _told->>'kind' AND _known.start = (_told->>'start')::timestamptz AND _known.device_id IS NOT DISTINCT FROM latest_device_named(_told->>'device'))
$$;

-- prisma/sql/step/steps_to_merge.sql
-- Returns the stored name and data of the steps that `_steps` end, where what is told at the end lacks a part of them. The caller tells
-- them again with that part: what makes steps comparable is computed from all of it, and not in the database.
CREATE OR REPLACE FUNCTION steps_to_merge(_steps jsonb) RETURNS TABLE (step_id uuid, name text, data jsonb) LANGUAGE sql STABLE AS $$
  SELECT known.id, known.name, known.data
  FROM jsonb_to_recordset(_steps) AS s (id uuid, status text, created_as text, name text, data jsonb)
  JOIN step known ON known.id = s.id
  WHERE s.status <> 'running' AND known.status IN ('running', 'paused', 'lost') AND known.created_as <> s.created_as
    AND (known.data || s.data <> s.data OR (s.name IS NULL AND known.name IS NOT NULL))
$$;

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

  RETURN QUERY
  WITH more AS (
    SELECT a.step_id, a.warnings FROM add_step_containers(_steps) a
  ),
  touched AS (
    UPDATE step s SET warnings = s.warnings || more.warnings, updated_at = command_time(),
      version = s.version + CASE WHEN s.id = ANY (ending) THEN 0 ELSE 1 END
    FROM more WHERE s.id = more.step_id RETURNING s.id
  )
  SELECT t.key::uuid, CASE WHEN t.key::uuid = ANY (ending) THEN 'ended' WHEN touched.id IS NOT NULL THEN 'extended' ELSE 'repeated' END,
    t.value->>'differs', t.value->'before'
  FROM jsonb_each(again) t LEFT JOIN touched ON touched.id = t.key::uuid;
END $$;

-- prisma/sql/step/told_facts.sql
-- Returns the part of a create digest that identifies a retry, without the part that says what the step is.
CREATE OR REPLACE FUNCTION told_facts(_created_as text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT substr(_created_as, strpos(_created_as, ':') + 1)
$$;

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
        AND split_part(known.transferred_as, ':', 3) = split_part(told, ':', 3) AND told_facts(told) <> told_facts(known.transferred_as) AND NOT _dry_run THEN
        step_of := step_of || index;
        steps := steps || (input->'step');
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
          THEN nullif(former_label_warning(done.container_id, input->>'barcode', base || '/barcode') || coalesce(labware_warnings(done.container_id), '[]'), '[]') END,
        'findings', done.findings || CASE WHEN known.created_as IS NULL OR (known.is_same AND NOT known.transferred) THEN '[]' ELSE transfer_finding('id-in-use', jsonb_build_object('id', input->'step'->'id', 'pointer', base || '/step/id')::text) END);
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
  SELECT coalesce(o.container, container_snapshot((r->>'container_id')::uuid)), o.step, r->'findings', coalesce(o.warnings, nullif(r->'warnings', 'null')), coalesce(o.revision, l.revision)::double precision
  FROM jsonb_array_elements(results) WITH ORDINALITY AS result (r, n) CROSS JOIN lab l
  LEFT JOIN transfer_outcome o ON o.step_id = coalesce(r->>'repeats', r->>'step_id')::uuid
  ORDER BY n;
END $$;

-- prisma/sql/step/differing_member.sql
-- Returns the first member in which what is told again about a step differs from what is stored; null if nothing does. What is not
-- told again does not differ. A step that is over and is told as running was told late: nothing about it is new.
CREATE OR REPLACE FUNCTION differing_member(_known step, _told jsonb) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN _told->>'status' = 'running' AND _known.status IN ('completed', 'failed', 'aborted') THEN NULL
    WHEN _told->>'status' <> 'running' AND (_told->>'finish')::timestamptz IS DISTINCT FROM _known.finish THEN 'finish'
    WHEN _told->>'status' <> 'running' AND _told->>'status' <> _known.status THEN 'status'
    WHEN _told->'pauses' <> '[]' AND (SELECT jsonb_agg(jsonb_build_object('paused_at', wire_time(p.paused_at), 'resumed_at', wire_time(p.resumed_at)) ORDER BY p.ordinal)
      FROM pause p WHERE p.subject = 'step' AND p.subject_id = _known.id) IS DISTINCT FROM _told->'pauses' THEN 'pauses'
    WHEN NOT _known.data @> (_told->'data') THEN 'data'
    WHEN nullif(_told->'experiment_named', 'null') IS NOT NULL
      AND _told->>'experiment_named' IS DISTINCT FROM coalesce(_known.experiment_id::text, _known.experiment_named) THEN 'experiment_id'
    WHEN is_another_place(_told->'origin', _known.origin_device_id, _known.origin_position) THEN 'origin'
    WHEN is_another_place(_told->'destination', _known.destination_device_id, _known.destination_position) THEN 'destination'
    ELSE (
      SELECT m.name FROM (VALUES
        ('name', to_jsonb(_known.name)), ('lidded_before', to_jsonb(_known.lidded_before)), ('lidded_after', to_jsonb(_known.lidded_after)),
        ('barcode_read', to_jsonb(_known.barcode_read)), ('is_simulation', to_jsonb(_known.is_simulation AND (_told->>'is_simulation')::boolean)), ('attempt', to_jsonb(_known.attempt)),
        ('expected_seconds', to_jsonb(_known.expected_seconds)), ('error', to_jsonb(_known.error)), ('session', to_jsonb(_known.session))
      ) AS m (name, value)
      WHERE nullif(_told->m.name, 'null') IS NOT NULL AND _told->m.name IS DISTINCT FROM m.value LIMIT 1)
  END
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
-- Locks: Steps and experiments. It takes no lab lock: a batch of 5,000 steps does not stop the robots. Only a device
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
    INSERT INTO step (id, kind, name, fct, device_id, status, start, finish, paused_seconds, commanded_seconds, data, is_simulation,
      origin_device_id, origin_position, destination_device_id, destination_position, lidded_before, lidded_after, barcode_read,
      attempt, expected_seconds, error, session, experiment_id, experiment_named, created_as, created_at, updated_at, match_version, match_function, match_parameters, match_protocol, warnings)
    SELECT a.id, a.kind, a.name, a.fct, device.id, a.status, a.start, a.finish, a.paused_seconds, a.commanded_seconds, a.data, a.is_simulation,
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
      paused_seconds double precision, commanded_seconds double precision, data jsonb, is_simulation boolean,
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
      'experiment_id', CASE WHEN count(DISTINCT s.experiment_id) = 1 THEN (array_agg(s.experiment_id))[1] END,
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
