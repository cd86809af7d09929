-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

DROP FUNCTION link_steps_to_experiments(uuid[]);

-- prisma/sql/estimate/mark_runs_pending.sql
-- Marks the runs of steps as pending: of steps that are logged, and of those in which something changes that estimates use. Writing a step
-- reads no history. A step that comes at the moment in which its run is learnt can be missing there until the next one marks the run.
--
-- Locks: What mark_runs locks.
CREATE OR REPLACE FUNCTION mark_runs_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM mark_runs(array_agg(DISTINCT experiment_id) FILTER (WHERE experiment_id IS NOT NULL),
      array_agg(DISTINCT (start AT TIME ZONE 'UTC')::date) FILTER (WHERE experiment_id IS NULL))
    FROM changed WHERE finish IS NOT NULL;
  ELSE
    PERFORM mark_runs(array_agg(DISTINCT c.experiment_id) FILTER (WHERE c.experiment_id IS NOT NULL),
      array_agg(DISTINCT (c.start AT TIME ZONE 'UTC')::date) FILTER (WHERE c.experiment_id IS NULL))
    -- Not a join: its plan is kept from a change of one step, and would compare each row with each.
    FROM (SELECT id, experiment_id, device_id, start, finish, is_sample, sample_seconds, believable, match_function, match_parameters, match_protocol FROM changed
      EXCEPT SELECT id, experiment_id, device_id, start, finish, is_sample, sample_seconds, believable, match_function, match_parameters, match_protocol FROM before) c WHERE c.finish IS NOT NULL;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER step_marks_runs_when_logged AFTER INSERT ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();

CREATE OR REPLACE TRIGGER step_marks_runs_when_changed AFTER UPDATE ON step
  REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();

-- prisma/sql/lab/begin_short_waits.sql
-- From here on, this transaction waits 50 ms at most for each other lock. A transaction that has the lab lock begins this, because all of the lab
-- waits with it. What could take long is locked ahead (ADR 59), so there is little to wait for: a step with the same new id, which another
-- command has written and not committed, a step that has just named a new experiment, or a slot that a lab file is about to retire. The other
-- command needs the lab lock next. Without this, PostgreSQL would find the deadlock only after a second.
--
-- Raises: lock_not_available, later, at a lock that cannot be had. The service tries the command again.
CREATE OR REPLACE FUNCTION begin_short_waits() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('lock_timeout', '50ms', true);
END $$;

-- prisma/sql/lab/lock_lab.sql
-- Takes the lab lock: the lock on the one row of `lab`. Every command that changes the lab takes this lock and looks at
-- the lab only then. Therefore commands run one after another, and what a command has seen stays true until it ends.
-- Most commands take it first. Those that write steps or experiments lock these before it: steps, runs, experiments, the lab (ADR 59).
-- The function is VOLATILE, so each statement after the lock sees the data that the previous holder left.
-- The time of the command is taken when it has the lock, and from then on the transaction waits for no other lock for long.
--
-- Locks: The row of `lab`, until the end of the transaction.
-- Raises: lock_not_available, later (see begin_short_waits)
CREATE OR REPLACE FUNCTION lock_lab() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM lab WHERE id = 1 FOR NO KEY UPDATE;
  PERFORM begin_short_waits();
  PERFORM begin_command();
END $$;

-- prisma/sql/lab/next_revision.sql
-- Takes the next revision of the lab and returns it. A command calls it once, and only if something changes, because
-- revisions have no gaps. add_containers and transfer take the revision before they know this, and give it back if
-- nothing changed. A command that takes no lock before begins here, when it has the row.
--
-- Locks: The row of `lab`, which is the lab lock.
-- Raises: lock_not_available, later (see begin_short_waits)
CREATE OR REPLACE FUNCTION next_revision() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  begun timestamptz := nullif(current_setting('platform_status.command_time', true), '')::timestamptz;
  taken bigint;
  recorded timestamptz;
BEGIN
  UPDATE lab SET revision = revision + 1, recorded_at = greatest(recorded_at, coalesce(begun, clock_timestamp()))
  WHERE id = 1 RETURNING revision, recorded_at INTO taken, recorded;
  PERFORM begin_short_waits();
  IF begun IS NULL THEN
    -- If the clock was set back, events go on with the time of the last one, but nothing expires later for that.
    PERFORM set_config('platform_status.command_time', least(recorded, clock_timestamp())::text, true);
  END IF;
  RETURN taken;
END $$;

-- prisma/sql/step/link_steps_to_experiments.sql
-- Links steps to experiments that they named before the experiments existed. Returns how many steps were linked. With `_steps`, only these.
-- Who logs steps links their own. Who creates an experiment links all that name it, twice: before the lab lock, for the work, and
-- under it, when what others logged meanwhile is seen, so that no step is missed.
--
-- Locks: The steps, in the order of their ids. Those of `_steps` are the caller's own.
CREATE OR REPLACE FUNCTION link_steps_to_experiments(_experiments uuid[], _steps uuid[] DEFAULT NULL) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  adopted integer;
BEGIN
  IF _experiments IS NULL THEN
    RETURN 0;
  END IF;
  IF _steps IS NULL THEN
    PERFORM 1 FROM step s WHERE s.experiment_named = ANY (_experiments::text[]) ORDER BY s.id FOR NO KEY UPDATE;
  END IF;
  UPDATE step s SET experiment_id = e.id, experiment_named = NULL, version = s.version + 1, updated_at = command_time(),
    warnings = jsonb_path_query_array(s.warnings, '$[*] ? (@.code != "unknown-experiment")')
  FROM experiment e WHERE e.id = ANY (_experiments) AND s.experiment_named = e.id::text AND (_steps IS NULL OR s.id = ANY (_steps));
  GET DIAGNOSTICS adopted = ROW_COUNT;
  RETURN adopted;
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
  -- Nothing is locked here. Another command may hold the step that names it, and wait for the lab.
  IF EXISTS (
    SELECT FROM jsonb_array_elements_text(nullif(_record->'unknown_experiments', 'null')) AS named JOIN experiment e ON e.id = named.value::uuid
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
  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT value::uuid, this_revision, next FROM jsonb_array_elements_text(_record->'devices');
  next := next + CASE WHEN _record->'after' <> 'null' THEN 1 ELSE 0 END;
  new_devices := ARRAY(SELECT jsonb_array_elements_text(_record->'new_devices')::uuid);
  PERFORM record_unlisted_devices(this_revision, next, new_devices, _audit);
  next := next + cardinality(new_devices) - 1;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, experiment_id, was, became)
  SELECT this_revision, next + e.ordinality, lab.recorded_at, 'experiment-updated',
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), (e.value->>'id')::uuid, e.value->'before', e.value->'after'
  FROM jsonb_array_elements(_record->'started') WITH ORDINALITY AS e (value, ordinality) CROSS JOIN lab;
  next := next + jsonb_array_length(_record->'started');
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became,
    concerns)
  SELECT this_revision, next + e.ordinality, lab.recorded_at, 'step-finished', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
    s.id, s.device_id, s.experiment_id, e.value->'before', e.value->'after', unknown_experiment(s.experiment_named)
  FROM jsonb_array_elements(_record->'ended') WITH ORDINALITY AS e (value, ordinality) JOIN step s ON s.id = (e.value->>'id')::uuid CROSS JOIN lab;
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
    FROM jsonb_to_recordset(_steps) AS s (id uuid, experiment_uuid uuid) WHERE s.id = ANY (logged) AND s.experiment_uuid <> ALL (experiments);
    IF link_steps_to_experiments(unknown_experiments, logged) > 0 THEN
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
