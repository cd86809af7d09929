-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

-- prisma/sql/pause/clip_pauses.sql
-- Counts the pauses of a step again when its start or finish changes: only what is between the two counts. Warns again of what does
-- not fit between them.
CREATE OR REPLACE FUNCTION clip_pauses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.paused_seconds := paused_seconds('step', NEW.id, NEW.start, NEW.finish);
  IF NEW.paused_at IS NOT NULL THEN
    NEW.paused_at := greatest(NEW.start, (SELECT p.paused_at FROM pause p WHERE p.subject_id = NEW.id AND p.subject = 'step' AND p.resumed_at IS NULL));
  END IF;
  NEW.warnings := step_pause_warnings(NEW.warnings, NEW.id, NEW.start, NEW.finish);
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER step_clips_pauses BEFORE UPDATE OF start, finish ON step
  FOR EACH ROW WHEN (OLD.paused_seconds IS NOT NULL) EXECUTE FUNCTION clip_pauses();

-- prisma/sql/pause/follow_pauses.sql
-- Keeps the columns of steps and experiments that follow from their pauses: since when they are paused, the status that says so, and
-- of a step the seconds, which its samples leave out, and the warnings about them. Pauses can explain a start that was in doubt.
--
-- Locks: The row of the step or experiment.
CREATE OR REPLACE FUNCTION follow_pauses() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed pause := coalesce(NEW, OLD);
  lasts_since timestamptz(3) := (SELECT p.paused_at FROM pause p WHERE p.subject_id = changed.subject_id AND p.subject = changed.subject AND p.resumed_at IS NULL);
BEGIN
  IF changed.subject = 'experiment' THEN
    UPDATE experiment e SET paused_at = lasts_since,
      status = CASE WHEN lasts_since IS NOT NULL THEN 'paused' WHEN e.status = 'paused' THEN 'running' ELSE e.status END
    WHERE e.id = changed.subject_id;
  ELSE
    UPDATE step s SET paused_at = greatest(lasts_since, CASE WHEN lasts_since IS NOT NULL THEN s.start END),
      paused_seconds = paused_seconds('step', s.id, s.start, s.finish), 
      warnings = step_pause_warnings(explained_warnings(s.warnings, s.id, s.start, s.status, s.created_at), s.id, s.start, s.finish),
      status = CASE WHEN lasts_since IS NOT NULL THEN 'paused' WHEN s.status = 'paused' THEN 'running' ELSE s.status END
    WHERE s.id = changed.subject_id;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER pause_is_followed AFTER INSERT OR UPDATE OR DELETE ON pause
  FOR EACH ROW EXECUTE FUNCTION follow_pauses();

-- prisma/sql/pause/paused_throughout.sql
-- Returns whether something stood still for so much of its time that nothing is known of how long it takes: what is left is not longer
-- than clocks may differ (five seconds), and not longer than what it stood. A short step with a shorter pause is known well enough.
CREATE OR REPLACE FUNCTION paused_throughout(_duration numeric, _paused numeric) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(_paused > 0 AND _duration - _paused <= least(5, _paused), false)
$$;

-- prisma/sql/pause/tell_pauses.sql
-- Writes the pauses that were told with finished steps. They are all pauses of the step, so they replace those that were told before, with
-- the warnings about their times; an empty list says that there was none. `_steps` come from src/store/prepare-steps.ts; only those of `_ids`
-- of which pauses were told are looked at. Times are stored as told: what is before the start or after the finish does not count.
--
-- Locks: The caller has locked the steps, and none of which pauses were told is paused when it returns.
CREATE OR REPLACE FUNCTION tell_pauses(_steps jsonb, _ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  paused uuid[] := ARRAY(SELECT s.id FROM jsonb_to_recordset(_steps) AS s (id uuid, pauses jsonb) WHERE s.id = ANY (_ids) AND s.pauses IS NOT NULL);
BEGIN
  IF cardinality(paused) = 0 THEN
    RETURN;
  END IF;
  UPDATE step s SET warnings = jsonb_path_query_array(s.warnings, '$[*] ? (!(@.pointer == "/paused_at" || @.pointer == "/paused_seconds"))')
  WHERE s.id = ANY (paused) AND s.paused_seconds IS NOT NULL;
  DELETE FROM pause p WHERE p.subject = 'step' AND p.subject_id = ANY (paused);
  INSERT INTO pause (subject, subject_id, ordinal, paused_at, resumed_at, previous_resumed_at)
  SELECT 'step', s.id, p.ordinality - 1, (p.value->>'paused_at')::timestamptz, (p.value->>'resumed_at')::timestamptz,
    lag((p.value->>'resumed_at')::timestamptz) OVER (PARTITION BY s.id ORDER BY p.ordinality)
  FROM jsonb_to_recordset(_steps) AS s (id uuid, pauses jsonb)
  CROSS JOIN LATERAL jsonb_array_elements(s.pauses) WITH ORDINALITY AS p (value, ordinality)
  WHERE s.id = ANY (paused);
END $$;

-- prisma/sql/step/differing_member.sql
-- Returns the first member in which what is told again about a step differs from what is stored; null if nothing does. What is not
-- told again does not differ. A step that is over and is told as running was told late: nothing about it is new.
CREATE OR REPLACE FUNCTION differing_member(_known step, _told jsonb) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN _told->>'status' = 'running' AND _known.status IN ('completed', 'failed', 'aborted') THEN NULL
    WHEN _told->>'status' <> 'running' AND (_told->>'finish')::timestamptz IS DISTINCT FROM _known.finish THEN 'finish'
    WHEN _told->>'status' <> 'running' AND _told->>'status' <> _known.status THEN 'status'
    WHEN nullif(_told->'pauses', 'null') <> (SELECT coalesce(jsonb_agg(jsonb_build_object('paused_at', wire_time(p.paused_at), 'resumed_at', wire_time(p.resumed_at)) ORDER BY p.ordinal), '[]')
      FROM pause p WHERE p.subject = 'step' AND p.subject_id = _known.id) THEN 'pauses'
    WHEN NOT _known.data @> (_told->'data') THEN 'data'
    ELSE (
      SELECT m.name FROM (VALUES
        ('lidded_before', to_jsonb(_known.lidded_before)), ('lidded_after', to_jsonb(_known.lidded_after)),
        ('barcode_read', to_jsonb(_known.barcode_read)), ('is_simulation', to_jsonb(_known.is_simulation)), ('attempt', to_jsonb(_known.attempt)),
        ('expected_seconds', to_jsonb(_known.expected_seconds)), ('error', to_jsonb(_known.error)), ('session', to_jsonb(_known.session))
      ) AS m (name, value)
      WHERE nullif(_told->m.name, 'null') IS NOT NULL AND _told->m.name IS DISTINCT FROM m.value LIMIT 1)
  END
$$;

-- prisma/sql/experiment/experiment_paused_seconds.sql
-- Returns the seconds of the pauses of an experiment that are over. They count from its first start, and of an experiment that has ended
-- up to its last finish, as its active time does.
CREATE OR REPLACE FUNCTION experiment_paused_seconds(_experiment uuid, _status text, _first_start timestamptz, _last_finish timestamptz) RETURNS double precision
LANGUAGE sql STABLE AS $$
  SELECT coalesce(paused_seconds('experiment', _experiment, _first_start, CASE WHEN _status IN ('completed', 'aborted') THEN _last_finish END), 0)::double precision
$$;

-- prisma/sql/experiment/experiment_state.sql
-- An experiment as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW experiment_state AS
SELECT
  e.id, e.process_id, jsonb_build_object('id', p.id, 'name', p.name) AS process, e.name, e.status, e.metadata, e.warnings,
  jsonb_build_object('total', s.total, 'completed', s.completed, 'failed', s.failed, 'aborted', s.aborted, 'running', s.running, 'paused', s.paused, 'lost', s.lost) AS steps,
  s.first_start, s.last_finish,
  extract(epoch FROM (s.last_finish - s.first_start))::double precision AS duration_seconds,
  e.paused_at,
  experiment_paused_seconds(e.id, e.status, s.first_start, s.last_finish) AS paused_seconds,
  round(extract(epoch FROM (s.last_finish - s.first_start)) - standstill_seconds(e.id, s.first_start, s.last_finish), 3)::double precision AS active_seconds,
  e.session,
  experiment_attention(e.id, e.status, s.failed) AS attention,
  e.created_at, e.updated_at, e.version
FROM experiment e
JOIN process p ON p.id = e.process_id
CROSS JOIN LATERAL (
  SELECT
    count(*)::integer AS total,
    (count(*) FILTER (WHERE step.status = 'completed'))::integer AS completed,
    (count(*) FILTER (WHERE step.status = 'failed'))::integer AS failed,
    (count(*) FILTER (WHERE step.status = 'aborted'))::integer AS aborted,
    (count(*) FILTER (WHERE step.status = 'running'))::integer AS running,
    (count(*) FILTER (WHERE step.status = 'paused'))::integer AS paused,
    (count(*) FILTER (WHERE step.status = 'lost'))::integer AS lost,
    min(step.start) FILTER (WHERE step.believable) AS first_start,
    max(step.finish) FILTER (WHERE step.believable) AS last_finish
  FROM step WHERE step.experiment_id = e.id
) s;

-- prisma/sql/experiment/update_experiment.sql
-- Changes status, name, session or metadata of an experiment, as far as given; null clears. A status from or to `paused` ends or begins a
-- pause, at `_at` or now. Nothing is written if nothing changes. The steps, which can be 400,000, are counted once, before the lab
-- lock: the command changes none.
--
-- Locks: The caller has locked the experiment and looked at it. Takes the lab lock.
CREATE OR REPLACE FUNCTION update_experiment(_id uuid, _changes jsonb, _audit jsonb, _at timestamptz DEFAULT NULL) RETURNS SETOF experiment_state LANGUAGE plpgsql AS $$
DECLARE
  before jsonb := experiment_snapshot(_id);
  wanted jsonb := before || (_changes - 'warnings');
  after jsonb := before;
  first_start timestamptz := (before->>'first_start')::timestamptz;
  last_finish timestamptz := (before->>'last_finish')::timestamptz;
  created_at timestamptz := (before->>'created_at')::timestamptz;
  paused boolean := wanted->>'status' = 'paused' AND before->>'status' <> 'paused';
  resumed boolean := before->>'status' = 'paused' AND wanted->>'status' <> 'paused';
  more_warnings jsonb := '[]';
  -- Warnings about the metadata go with them.
  kept_warnings jsonb := CASE WHEN _changes ? 'warnings'
    THEN jsonb_path_query_array(before->'warnings', '$[*] ? (!(@.pointer starts with "/metadata"))') || (_changes->'warnings') ELSE before->'warnings' END;
BEGIN
  IF wanted <> before THEN
    PERFORM begin_command();
    IF paused THEN
      more_warnings := begin_pause('experiment', _id, _at, coalesce(first_start, created_at)) || early_pause_warning(_at, least(first_start, created_at));
    ELSIF resumed THEN
      more_warnings := end_pause('experiment', _id, _at, first_start);
    END IF;
    UPDATE experiment e SET status = wanted->>'status', name = wanted->>'name', session = wanted->>'session', metadata = nullif(wanted->'metadata', 'null'),
      warnings = kept_warnings || more_warnings, version = e.version + 1, updated_at = command_time()
    WHERE e.id = _id;
    SELECT before || jsonb_build_object('status', e.status, 'name', e.name, 'session', e.session,
      'attention', experiment_attention(e.id, e.status, (before->'steps'->>'failed')::integer), 'metadata', e.metadata, 'warnings', e.warnings, 'paused_at', wire_time(e.paused_at),
      'paused_seconds', experiment_paused_seconds(e.id, e.status, first_start, last_finish),
      'active_seconds', round(extract(epoch FROM (last_finish - first_start)) - standstill_seconds(e.id, first_start, last_finish), 3)::double precision,
      'updated_at', wire_time(e.updated_at), 'version', e.version) INTO after
    FROM experiment e WHERE e.id = _id;
    PERFORM record_experiment_event(next_revision(), 0, CASE WHEN paused THEN 'experiment-paused'
      WHEN resumed AND wanted->>'status' = 'running' THEN 'experiment-resumed' ELSE 'experiment-updated' END, _id, before, _audit, after);
  END IF;
  IF before IS NOT NULL THEN
    RETURN NEXT jsonb_populate_record(NULL::experiment_state, after);
  END IF;
END $$;

-- prisma/sql/pause/step_pause_warnings.sql
-- Returns the warnings of a step with those that follow from its pauses, its start and its finish. They replace those that followed
-- before, whose pointer is `/active_seconds`. It does not matter whether the pauses were told one by one or with the finish. A pause
-- without length says nothing. Clocks differ by seconds, so five of them are allowed.
CREATE OR REPLACE FUNCTION step_pause_warnings(_warnings jsonb, _step uuid, _start timestamptz, _finish timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_path_query_array(_warnings, '$[*] ? (!(@.pointer == "/active_seconds"))')
    || warning_list('clock-skew', '/active_seconds', CASE
      WHEN told.first < _start - interval '5 seconds'
        THEN 'A pause begins ' || wire_time(told.first) || ', before the start of the step (' || wire_time(_start) || '). Only what is after the start counts, and estimates leave the step out.'
      WHEN told.last > _finish + interval '5 seconds'
        THEN 'A pause ends ' || wire_time(told.last) || ', after the finish of the step (' || wire_time(_finish) || '). Only what is before the finish counts, and estimates leave the step out.' END)
    || warning_list('paused-throughout', '/active_seconds', CASE WHEN paused_throughout(extract(epoch FROM _finish - _start), paused_seconds('step', _step, _start, _finish))
        THEN 'The step was paused from its start to its finish, or for all but seconds of that time. So nobody knows how long it takes, and estimates leave it out.' END)
  FROM (
    SELECT min(p.paused_at) AS first, max(p.resumed_at) AS last FROM pause p
    WHERE p.subject_id = _step AND p.subject = 'step' AND p.resumed_at IS DISTINCT FROM p.paused_at
  ) told
$$;

-- prisma/sql/step/log_steps.sql
-- Logs steps, all with a few statements. A step is never refused because it names something unknown: it is stored with
-- the name and a warning. `_steps` come from src/store/prepare-steps.ts; their ids are unique. `_devices` is [{ id,
-- name }] of all devices that they name. Returns each step in order with its outcome: `logged`, `ended` (it was under way, and
-- its end was told), `repeated` (told before, so nothing changes) or `extended` (repeated, with containers that were not named before). If
-- what was told again differs from what is stored, the step that is returned has a warning, which is not stored. `record`, in the first
-- row, is what record_logged_steps writes to the event log. The caller calls it when it has read all rows.
--
-- Steps with the outcome `merge` are returned alone, and nothing is done: see data_to_merge.
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
  SELECT 'merge', state, NULL::jsonb FROM data_to_merge(_steps) m JOIN step_state state ON state.id = m.step_id;
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

-- prisma/sql/step/set_step_paused.sql
-- Pauses a step that runs, or resumes one that is paused. What is so already is returned unchanged. A dry run returns the step as it
-- would be, and is undone.
--
-- Locks: The step, then the lab.
-- Raises: step-not-found, illegal-transition
CREATE OR REPLACE FUNCTION set_step_paused(_id uuid, _paused boolean, _at timestamptz, _dry_run boolean, _audit jsonb) RETURNS SETOF step_state
LANGUAGE plpgsql AS $$
DECLARE
  wanted text := CASE WHEN _paused THEN 'paused' ELSE 'running' END;
  locked step;
  before jsonb;
  more_warnings jsonb;
  outcome step_state;
BEGIN
  SELECT * INTO locked FROM step s WHERE s.id = _id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('step-not-found', '{"parameter": "id"}');
  ELSIF locked.status NOT IN ('running', 'paused') THEN
    PERFORM refuse('illegal-transition', jsonb_build_object('from', locked.status, 'to', wanted,
      'allowed', CASE WHEN locked.status = 'lost' THEN '["completed", "failed", "aborted"]'::jsonb ELSE '[]' END));
  ELSIF locked.status = wanted THEN
    RETURN QUERY SELECT * FROM step_state s WHERE s.id = _id;
    RETURN;
  END IF;
  BEGIN
    PERFORM begin_command();
    before := step_snapshot(_id);
    more_warnings := CASE WHEN _paused THEN begin_pause('step', _id, _at, NULL) ELSE end_pause('step', _id, _at, NULL) END;
    UPDATE step s SET warnings = s.warnings || more_warnings, version = s.version + 1, updated_at = command_time() WHERE s.id = _id;
    PERFORM record_step_event(next_revision(), CASE WHEN _paused THEN 'step-paused' ELSE 'step-resumed' END, _id, before, _audit);
    SELECT * INTO outcome FROM step_state s WHERE s.id = _id;
    IF _dry_run THEN
      RAISE EXCEPTION USING ERRCODE = 'PS204', MESSAGE = 'a dry run is undone';
    END IF;
  EXCEPTION WHEN SQLSTATE 'PS204' THEN
    NULL;
  END;
  RETURN NEXT outcome;
END $$;

-- Why a step is no sample for estimates; null if it is one. Of several reasons the first. What a person decided wins over what the
-- warnings say, but a step that was not completed, was simulated or stood all the time is never a sample. Stored columns use this
-- function, so it is not in prisma/sql/.
CREATE OR REPLACE FUNCTION step_exclusion(status text, finish timestamptz, is_simulation boolean, decision boolean, warnings jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN status <> 'completed' OR finish IS NULL THEN 'not-completed'
    WHEN is_simulation THEN 'simulation'
    ELSE coalesce(CASE WHEN decision IS NOT FALSE THEN step_doubt(warnings) END,
      CASE WHEN warnings @> '[{"code": "paused-throughout"}]' THEN 'paused-throughout' END, CASE WHEN decision THEN 'by-hand' END)
  END
$$;

-- Steps of before that were paused all the time are samples no more. The index of the steps with pauses has few.
UPDATE step s SET warnings = step_pause_warnings(s.warnings, s.id, s.start, s.finish)
WHERE s.paused_seconds IS NOT NULL AND s.warnings <> step_pause_warnings(s.warnings, s.id, s.start, s.finish);
