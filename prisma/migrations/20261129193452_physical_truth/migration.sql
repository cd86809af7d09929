-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

DROP FUNCTION refuse_unknown_slot(uuid,jsonb);
DROP FUNCTION relabel_containers(jsonb,boolean,jsonb);

-- prisma/sql/container/former_bearers.sql
-- Returns the containers that had this barcode and have another one, or none, now: [{ id, barcode, device, position,
-- missing_since, last, removed_at, until }], those on the platform first, then the latest, or null. A refusal of the barcode shows them.
-- Both lookups use the partial indexes of the events that gave or took a barcode.
CREATE OR REPLACE FUNCTION former_bearers(_barcode text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
  bearers uuid[] := ARRAY(
    SELECT e.container_id FROM label_event e WHERE e.barcode = _barcode);
BEGIN
  -- Most barcodes that are asked for have no former bearer. A stocktake asks for up to 10,000.
  IF cardinality(bearers) = 0 THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT jsonb_agg(jsonb_build_object('id', f.id, 'barcode', f.barcode, 'device', f.device, 'position', f.position,
      'missing_since', wire_time(f.missing_since),
      'last', CASE WHEN f.missing_since IS NOT NULL THEN jsonb_build_object('device', f.last_device, 'position', f.last_position) END, 'removed_at', wire_time(f.removed_at), 'until', wire_time(f.until))
      ORDER BY f.removed_at IS NOT NULL, f.until DESC, f.id)
    FROM (
      SELECT s.id, s.barcode, s.device, s.position, s.missing_since, s.last_device, s.last_position, s.removed_at, (
        SELECT max(e.recorded_at) FROM label_event e WHERE e.container_id = s.id AND e.former = _barcode) AS until
      FROM container_state s
      WHERE s.id = ANY (bearers) AND s.barcode IS DISTINCT FROM _barcode
      ORDER BY s.removed_at IS NOT NULL, until DESC LIMIT 20
    ) f);
END $$;

-- prisma/sql/container/label_warnings.sql
-- Returns the warnings about labels that containers get, or have just got: [{ code, pointer, detail }], in the order of `_labels`, which are
-- [{ id, barcode, pointer }]. Judged by the end: another container on the platform, or another one of `_labels`, has a barcode that differs
-- in case only. It is VOLATILE, so that it sees what a command in the same statement has written. Every command that sets a barcode
-- uses it.
CREATE OR REPLACE FUNCTION label_warnings(_labels jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN (
    WITH label AS MATERIALIZED (
      SELECT l.n, l.id, l.barcode, l.pointer FROM ROWS FROM (jsonb_to_recordset(_labels) AS (id uuid, barcode text, pointer text)) WITH ORDINALITY AS l (id, barcode, pointer, n)
      WHERE l.barcode IS NOT NULL
    ),
    -- those that are alike among themselves
    told AS MATERIALIZED (
      SELECT lower(l.barcode) AS folded, min(l.barcode) AS one, max(l.barcode) AS other FROM label l GROUP BY lower(l.barcode) HAVING min(l.barcode) <> max(l.barcode)
    ),
    alike AS (
      -- A look into the index for each label: a join might read all containers, and so might ORDER BY with LIMIT 1 (alike_barcode).
      SELECT l.n, (
        SELECT (array_agg(c.barcode ORDER BY c.barcode))[1] FROM container c
        WHERE c.removed_at IS NULL AND lower(c.barcode) = lower(l.barcode) AND c.barcode <> l.barcode AND c.id NOT IN (SELECT o.id FROM label o WHERE o.id IS NOT NULL)) AS barcode
      FROM label l
      UNION ALL
      SELECT l.n, CASE WHEN t.one = l.barcode THEN t.other ELSE t.one END FROM label l JOIN told t ON t.folded = lower(l.barcode)
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object('code', 'barcode-differs-in-case', 'pointer', l.pointer, 'detail',
        'Another container on the platform has the barcode "' || a.barcode || '". It differs from "' || l.barcode || '" in case only; scanners read them as two.') ORDER BY l.n), '[]')
    FROM (SELECT alike.n, min(alike.barcode) AS barcode FROM alike WHERE alike.barcode IS NOT NULL GROUP BY alike.n) a JOIN label l ON l.n = a.n);
END $$;

-- prisma/sql/container/refuse_source_mismatch.sql
-- Refuses because the container is not at the place that the request says, or because its barcode is not the one that
-- was read. `actual` is where the container is, or the one that has the barcode (or id) that was read: if that one is missing, since when,
-- and where it was last. `relabelled` says who had the barcode before.
--
-- Raises: source-mismatch, always.
CREATE OR REPLACE FUNCTION refuse_source_mismatch(_container uuid, _place jsonb, _barcode text, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  as_id uuid := CASE WHEN _barcode ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN _barcode::uuid END;
BEGIN
  PERFORM refuse('source-mismatch', (
    SELECT jsonb_build_object(
      'expected', jsonb_strip_nulls(jsonb_build_object('device', coalesce(_place->>'device', s.device),
        'position', coalesce((_place->>'position')::integer, s.position), 'barcode', _barcode)),
      'actual', CASE WHEN _barcode IS NULL THEN jsonb_build_object('device', s.device, 'position', s.position) ELSE (
        SELECT jsonb_build_object('device', named.snapshot->'device', 'position', named.snapshot->'position') || missing_members(named.snapshot)
        FROM (
          SELECT container_snapshot(c.id) AS snapshot FROM container c
          WHERE (c.barcode = _barcode OR c.id = as_id) AND c.removed_at IS NULL ORDER BY c.barcode = _barcode DESC NULLS LAST LIMIT 1) named) END,
      'container', jsonb_build_object('id', s.id, 'barcode', s.barcode), 'pointer', _pointer)
      || missing_members(container_snapshot(s.id)) || CASE WHEN _barcode IS NOT NULL THEN barcode_hints(_barcode) ELSE '{}' END
    FROM container_state s WHERE s.id = _container));
END $$;

-- prisma/sql/container/relabel_containers.sql
-- Gives containers new labels, all at once, so that two labels can be swapped. `_labels` is [{ named, id, barcode }], one entry a
-- container. A label that does not change has no event. A dry run returns what contradicts as findings, and what would
-- change; otherwise the first finding is refused.
--
-- Locks: The lab lock.
-- Raises: invalid-request, container-not-found, container-removed, barcode-in-use
CREATE OR REPLACE FUNCTION relabel_containers(_labels jsonb, _dry_run boolean, _audit jsonb)
RETURNS TABLE (changes jsonb, findings jsonb, warnings jsonb, revision double precision) LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  PERFORM lock_lab();
  plan := plan_labels(_labels);
  PERFORM refuse_repeated_entry(plan->'repeated');
  findings := plan->'findings';
  warnings := plan->'warnings';
  IF NOT _dry_run AND findings <> '[]' THEN
    PERFORM refuse(findings->0->>'code', findings->0->'members');
  END IF;
  changes := label_changes(plan->'labels');
  IF NOT _dry_run AND changes <> '[]' THEN
    PERFORM write_labels(plan->'labels', next_revision(), 0, _audit);
  END IF;
  SELECT l.revision INTO revision FROM lab l;
  RETURN NEXT;
END $$;

-- prisma/sql/container/removed_bearers.sql
-- Returns the removed containers that had this barcode to the end: [{ id, removed_at }], the latest first, or null. A refusal of the
-- barcode shows them beside former_bearers.
CREATE OR REPLACE FUNCTION removed_bearers(_barcode text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(jsonb_build_object('id', r.id, 'removed_at', wire_time(r.removed_at)) ORDER BY r.removed_at DESC, r.id)
  FROM (SELECT c.id, c.removed_at FROM container c WHERE c.barcode = _barcode AND c.removed_at IS NOT NULL ORDER BY c.removed_at DESC, c.id LIMIT 20) r
$$;

-- prisma/sql/labware-type/forget_labware_types.sql
-- Takes the names of labware types out of the lists of devices and slots, and records an event for each device and slot that
-- had one. A list must not become empty. Returns how many events there were, numbered from `_ordinal`.
--
-- Locks: The caller holds the lab lock.
-- Raises: labware-type-in-use
CREATE OR REPLACE FUNCTION forget_labware_types(_names text[], _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  devices uuid[] := ARRAY(SELECT id FROM device WHERE labware_types && _names ORDER BY name, id);
  positions uuid[] := ARRAY(SELECT id FROM position WHERE labware_types && _names ORDER BY device_id, slot_number);
  before jsonb;
BEGIN
  PERFORM refuse_labware_types_in_use(_names);
  SELECT coalesce(jsonb_object_agg(id, device_snapshot(id)), '{}') INTO before FROM unnest(devices) AS id;
  before := before || (SELECT coalesce(jsonb_object_agg(id, position_snapshot(id)), '{}') FROM unnest(positions) AS id);
  UPDATE device d SET labware_types = ARRAY(SELECT n.name FROM unnest(d.labware_types) WITH ORDINALITY AS n (name, nth) WHERE n.name <> ALL (_names) ORDER BY n.nth),
    version = version + 1, updated_at = command_time() WHERE d.id = ANY (devices);
  UPDATE position p SET labware_types = ARRAY(SELECT n.name FROM unnest(p.labware_types) WITH ORDINALITY AS n (name, nth) WHERE n.name <> ALL (_names) ORDER BY n.nth)
  WHERE p.id = ANY (positions);
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT _revision, _ordinal + n.nth - 1, l.recorded_at, CASE WHEN n.nth <= cardinality(devices) THEN 'device-updated' ELSE 'position-updated' END,
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), coalesce(p.device_id, n.id), before->n.id::text,
    CASE WHEN n.nth <= cardinality(devices) THEN device_snapshot(n.id) ELSE position_snapshot(n.id) END
  FROM unnest(devices || positions) WITH ORDINALITY AS n (id, nth) LEFT JOIN position p ON p.id = n.id AND n.nth > cardinality(devices) CROSS JOIN lab l;
  RETURN cardinality(devices) + cardinality(positions);
END $$;

-- prisma/sql/labware-type/refuse_labware_types_in_use.sql
-- Refuses to take labware types out of the lists of devices and slots, if one of these lists would become empty: then suddenly no type
-- that somebody described might stand there. Only a person knows whether any type may, or which others. `in_use` are the devices
-- and slots, at most 20. Those that are retired do not count.
--
-- Raises: labware-type-in-use
CREATE OR REPLACE FUNCTION refuse_labware_types_in_use(_names text[]) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  in_use jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('device', u.device, 'position', u.position) ORDER BY u.device, u.position NULLS FIRST) INTO in_use
  FROM (
    SELECT d.name AS device, NULL::integer AS position FROM device d WHERE d.retired_at IS NULL AND d.labware_types && _names AND d.labware_types <@ _names
    UNION ALL
    SELECT d.name, p.slot_number FROM position p JOIN device d ON d.id = p.device_id
    WHERE p.retired_at IS NULL AND d.retired_at IS NULL AND p.labware_types && _names AND p.labware_types <@ _names
    ORDER BY 1, 2 NULLS FIRST LIMIT 20
  ) u;
  IF in_use IS NOT NULL THEN
    PERFORM refuse('labware-type-in-use', jsonb_build_object('labware_types', to_jsonb(_names), 'in_use', in_use));
  END IF;
END $$;

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

-- prisma/sql/placement/displaced_warnings.sql
-- Returns what is unusual about the container that a correction has just displaced to a place, `_to`, by its labware type: [{ code, pointer,
-- detail }]. `_corrected` is the container that was corrected. It is VOLATILE, so that it sees what the command in the same statement
-- has written.
CREATE OR REPLACE FUNCTION displaced_warnings(_corrected uuid, _to jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF jsonb_typeof(_to) IS DISTINCT FROM 'object' THEN
    RETURN '[]';
  END IF;
  RETURN (
    SELECT coalesce(jsonb_agg(w.value || '{"pointer": "/displace"}'), '[]')
    FROM placement pl JOIN position p ON p.id = pl.position_id AND p.active JOIN device d ON d.id = p.device_id AND d.retired_at IS NULL
    CROSS JOIN LATERAL jsonb_array_elements(labware_warnings(pl.container_id)) AS w (value)
    WHERE d.name = _to->>'device' AND p.slot_number = (_to->>'position')::integer AND pl.part = 'body' AND pl.container_id <> _corrected
      -- Nothing was displaced if everything was so already.
      AND pl.since = command_time()::timestamptz(3));
END $$;

-- prisma/sql/stocktake/seen_slot_findings.sql
-- Returns what contradicts about the slots that were seen, [{ position }]: those that the device does not have, and those that dispose, in
-- which nothing stands. As the findings of plan_arrangement: [{ code, members }], in the order of the request.
CREATE OR REPLACE FUNCTION seen_slot_findings(_device uuid, _seen jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH wrong AS (
    SELECT t.n, 'position-not-found' AS code, t.i->'position' AS position, jsonb_build_object('valid_range', valid_slot_range(_device)) AS more
    FROM jsonb_array_elements(_seen) WITH ORDINALITY AS t (i, n)
    -- NOT IN is one hash table. A join was a loop over all slots for each one that was seen, because nothing says how many those are.
    WHERE (t.i->>'position')::integer NOT IN (SELECT p.slot_number FROM position p WHERE p.device_id = _device AND p.retired_at IS NULL)
    UNION ALL
    SELECT t.n, 'position-disposes', t.i->'position', '{}'
    FROM jsonb_array_elements(_seen) WITH ORDINALITY AS t (i, n)
    -- Not simply IN, because PostgreSQL makes a join of it.
    WHERE NOT ((t.i->>'position')::integer NOT IN (SELECT p.slot_number FROM position p WHERE p.device_id = _device AND p.retired_at IS NULL AND p.disposes))
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object('code', w.code, 'members', w.more || jsonb_build_object('device', d.name, 'position', w.position,
    'pointer', '/seen/' || w.n - 1 || '/position', 'index', w.n - 1)) ORDER BY w.n), '[]')
  FROM wrong w JOIN device d ON d.id = _device
$$;

-- prisma/sql/stocktake/take_stock.sql
-- Compares what was seen on a device with what is tracked, and with `apply` makes the lab as it was seen, as an arrangement:
-- what was seen elsewhere is here, what was not seen is missing, what is unknown is added. `_input` is { id, device, seen, apply };
-- `seen` as plan_stocktake takes it. What was applied is kept in `stocktake`, also if nothing changed. A dry run returns what
-- would change and keeps nothing. Unless it is applied, what contradicts is in the findings; otherwise the first finding is refused.
--
-- Locks: The lab lock.
-- Raises: device-not-found, position-not-found, position-disposes, barcode-replaced
CREATE OR REPLACE FUNCTION take_stock(_input jsonb, _dry_run boolean, _audit jsonb)
RETURNS TABLE (items jsonb, counts jsonb, changes jsonb, warnings jsonb, findings jsonb, revision double precision) LANGUAGE plpgsql AS $$
DECLARE
  device_found uuid;
  applies boolean := (_input->>'apply')::boolean AND NOT _dry_run;
  plan jsonb;
  this_revision bigint;
  written integer := 0;
BEGIN
  PERFORM lock_lab();
  device_found := require_device(_input->>'device', '/device');
  plan := plan_stocktake(device_found, _input->'seen');
  findings := seen_slot_findings(device_found, _input->'seen') || (plan->'relabelled');
  IF applies AND findings <> '[]' THEN
    PERFORM refuse(findings->0->>'code', findings->0->'members');
  END IF;
  changes := end_changes(plan->'ends') || label_changes(plan->'labels', plan->'ends') || added_changes(plan->'added');
  IF applies THEN
    IF changes <> '[]' THEN
      this_revision := next_revision();
      written := place_ends(plan->'ends', this_revision, 0, _audit);
      written := written + write_labels(plan->'labels', this_revision, written, _audit);
      PERFORM add_seen_containers(plan->'added', this_revision, written, _audit);
    END IF;
    INSERT INTO stocktake (id, device_id, recorded_at, revision, actor, reason, request_id, counts, items)
    SELECT (_input->>'id')::uuid, device_found, command_time(), l.revision, _audit->>'actor', _audit->>'reason', _audit->>'request_id', plan->'counts', plan->'items'
    FROM lab l;
  END IF;
  items := plan->'items';
  counts := plan->'counts';
  warnings := plan->'warnings';
  SELECT l.revision INTO revision FROM lab l;
  RETURN NEXT;
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
          THEN nullif(former_label_warning(done.container_id, input->>'barcode', base || '/barcode')
            || CASE WHEN input->>'barcode' IS NOT NULL AND done.before->>'barcode' IS NULL
              THEN label_warnings(jsonb_build_array(jsonb_build_object('id', done.container_id, 'barcode', input->'barcode', 'pointer', base || '/barcode'))) ELSE '[]' END
            || coalesce(labware_warnings(done.container_id), '[]'), '[]') END,
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

-- prisma/sql/container/barcode_hints.sql
-- Returns what helps somebody who named a barcode that no container on the platform has: `relabelled` (former_bearers),
-- `removed` (removed_bearers) and `differs_in_case` (alike_barcode), each only if there is something to say.
CREATE OR REPLACE FUNCTION barcode_hints(_barcode text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_object_agg(hint.name, hint.value), '{}')
  FROM (VALUES ('relabelled', former_bearers(_barcode)), ('removed', removed_bearers(_barcode)), ('differs_in_case', to_jsonb(alike_barcode(_barcode)))) AS hint (name, value)
  WHERE hint.value IS NOT NULL
$$;

-- prisma/sql/container/lookup_containers.sql
-- Finds the containers that have, or had, barcodes, in one statement: for each barcode, in order, what was found and the
-- containers, the most likely first. `_ids` has the id where a barcode is one. The first that is true is told: a container in a slot has
-- the barcode, the one that has it is missing, one on the platform had it before, removed ones had it to the end, removed ones had it
-- before, nobody ever had it. If no container has it now, all that had it are listed, as in bearers_of: somebody who reads an old
-- label may hold any of them, but rather one that is on the platform.
CREATE OR REPLACE FUNCTION lookup_containers(_barcodes text[], _ids uuid[]) RETURNS TABLE (n bigint, barcode text, found text, containers jsonb)
LANGUAGE sql STABLE AS $$
  WITH wanted AS MATERIALIZED (
    SELECT w.n, w.barcode, w.id FROM unnest(_barcodes, _ids) WITH ORDINALITY AS w (barcode, id, n)
  ),
  hit AS MATERIALIZED (
    SELECT DISTINCT ON (w.n, h.container_id) w.n, h.container_id, h.rank FROM wanted w CROSS JOIN LATERAL (
      SELECT c.id AS container_id, CASE WHEN c.removed_at IS NOT NULL THEN 4 WHEN c.missing_since IS NOT NULL THEN 2 ELSE 1 END AS rank
      FROM container c WHERE c.id = w.id
      UNION ALL
      SELECT c.id, CASE WHEN c.removed_at IS NOT NULL THEN 4 WHEN c.missing_since IS NOT NULL THEN 2 ELSE 1 END
      FROM container c WHERE c.barcode = w.barcode
      UNION ALL
      SELECT e.container_id, CASE WHEN c.removed_at IS NULL THEN 3 ELSE 5 END FROM label_event e JOIN container c ON c.id = e.container_id WHERE e.barcode = w.barcode
    ) h
    ORDER BY w.n, h.container_id, h.rank
  ),
  best AS (
    SELECT hit.n, min(hit.rank) AS rank FROM hit GROUP BY hit.n
  ),
  listed AS (
    SELECT hit.n, hit.container_id, row_number() OVER (PARTITION BY hit.n ORDER BY hit.rank, c.removed_at DESC NULLS FIRST, c.updated_at DESC, c.id) AS nth
    FROM hit JOIN best ON best.n = hit.n AND (best.rank = hit.rank OR best.rank > 2) JOIN container c ON c.id = hit.container_id
  ),
  shown AS (
    SELECT l.n, jsonb_agg(container_snapshot(l.container_id) ORDER BY l.nth) AS containers FROM listed l WHERE l.nth <= 20 GROUP BY l.n
  )
  SELECT w.n, w.barcode, CASE b.rank WHEN 1 THEN 'present' WHEN 2 THEN 'missing' WHEN 3 THEN 'relabelled' WHEN 4 THEN 'removed' WHEN 5 THEN 'relabelled' ELSE 'unknown' END,
    coalesce(s.containers, '[]')
  FROM wanted w LEFT JOIN best b ON b.n = w.n LEFT JOIN shown s ON s.n = w.n
$$;

-- prisma/sql/container/plan_labels.sql
-- Plans new labels, judged by the end: { labels, findings, repeated, warnings }. `_labels` is [{ named, id, barcode }], each barcode once.
-- `labels` is [{ id, barcode }] of the containers whose label changes; `findings` and `repeated` as of plan_arrangement,
-- `warnings` as of label_warnings.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION plan_labels(_labels jsonb) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
  WITH resolved AS MATERIALIZED (
    SELECT t.n AS nth, '/labels/' || t.n - 1 AS pointer, t.i AS input, coalesce(by_id.id, by_barcode.id) AS container_id, by_id.removed_at,
      coalesce(by_id.barcode, by_barcode.barcode) AS former, t.i->>'barcode' AS barcode
    FROM jsonb_array_elements(_labels) WITH ORDINALITY AS t (i, n)
    LEFT JOIN container by_id ON by_id.id = (t.i->>'id')::uuid
    LEFT JOIN container by_barcode ON by_barcode.barcode = t.i->>'named' AND by_barcode.removed_at IS NULL
  ),
  contradicting AS (
    SELECT r.nth, 'container-not-found' AS code, jsonb_build_object('container', coalesce(r.input->>'named', r.input->>'id'))
      || barcode_hints(r.input->>'named') AS members, '/container' AS member
    FROM resolved r WHERE r.container_id IS NULL
    UNION ALL
    SELECT r.nth, 'container-removed', jsonb_build_object('container', r.container_id, 'removed_at', wire_time(r.removed_at)), '/container'
    FROM resolved r WHERE r.removed_at IS NOT NULL
    UNION ALL
    SELECT r.nth, 'barcode-in-use', jsonb_build_object('barcode', r.barcode,
      'holder', jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name, 'device', s.device, 'position', s.position) || missing_members(container_snapshot(s.id))), '/barcode'
    FROM resolved r JOIN container_state s ON s.barcode = r.barcode AND s.removed_at IS NULL
    WHERE s.id IS DISTINCT FROM r.container_id AND NOT EXISTS (SELECT FROM resolved o WHERE o.container_id = s.id)
  )
  SELECT jsonb_build_object(
    'labels', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.container_id, 'barcode', r.barcode) ORDER BY r.nth), '[]')
      FROM resolved r WHERE r.container_id IS NOT NULL AND r.removed_at IS NULL AND r.former IS DISTINCT FROM r.barcode),
    'warnings', label_warnings((SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.container_id, 'barcode', r.barcode, 'pointer', r.pointer || '/barcode') ORDER BY r.nth), '[]')
      FROM resolved r WHERE r.container_id IS NOT NULL AND r.removed_at IS NULL)),
    'findings', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', c.code,
        'members', c.members || jsonb_build_object('pointer', '/labels/' || c.nth - 1 || c.member, 'index', c.nth - 1)) ORDER BY c.nth, c.member DESC), '[]') FROM contradicting c),
    'repeated', (SELECT jsonb_build_object('pointer', again.pointer || '/container', 'first', again.first)
      FROM (SELECT r.nth, r.pointer, first_value(r.pointer) OVER one AS first, row_number() OVER one AS time
        FROM resolved r WHERE r.container_id IS NOT NULL WINDOW one AS (PARTITION BY r.container_id ORDER BY r.nth)) again
      WHERE again.time > 1 ORDER BY again.nth LIMIT 1))
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

-- prisma/sql/stocktake/plan_stocktake.sql
-- Compares what was seen on a device with what is tracked: { items, counts, ends, labels, added, warnings, relabelled }.
-- `_seen` is [{ position, barcode, lidded, new_id }]: each slot in which there is a plate; a slot that is not in it is
-- empty. Everything but `items` and `counts` says what applying it does: `ends` as container_end, `labels` is [{ id, barcode }]
-- of containers that get the barcode that was read, `added` is [{ id, name, barcode, lidded, position_id }]. `relabelled` are
-- the findings about seen labels that a container on the platform bore before. Slots that the device does not have, or that dispose, are passed over.
--
-- NOT IN, where nothing is null, is one look into a hash for each row, whatever PostgreSQL expects of the number of rows. NOT EXISTS
-- was a look through all rows for each row, and so are joins of these lists: seconds for 10,000 slots. They join tables instead.
--
-- Locks: The caller holds the lab lock if it applies the plan.
CREATE OR REPLACE FUNCTION plan_stocktake(_device uuid, _seen jsonb) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
  WITH slot AS MATERIALIZED (
    SELECT p.id, p.slot_number, d.name AS device FROM position p JOIN device d ON d.id = p.device_id WHERE p.device_id = _device AND p.retired_at IS NULL AND NOT p.disposes
  ),
  tracked AS MATERIALIZED (
    SELECT s.id AS position_id, s.slot_number, pl.container_id, pl.part, c.barcode
    FROM slot s JOIN placement pl ON pl.position_id = s.id JOIN container c ON c.id = pl.container_id
  ),
  look AS MATERIALIZED (
    SELECT (t.n - 1)::integer AS index, s.id AS position_id, s.slot_number, t.i->>'barcode' AS barcode, (t.i->>'lidded')::boolean AS lidded,
      (t.i->>'new_id')::uuid AS new_id, c.id AS bearer, here.container_id AS standing, body.barcode AS standing_barcode
    FROM jsonb_array_elements(_seen) WITH ORDINALITY AS t (i, n)
    JOIN slot s ON s.slot_number = (t.i->>'position')::integer
    LEFT JOIN container c ON c.barcode = t.i->>'barcode' AND c.removed_at IS NULL
    LEFT JOIN placement here ON here.position_id = s.id AND here.part = 'body' LEFT JOIN container body ON body.id = here.container_id
  ),
  -- Which container is seen. A plate that cannot be read is the one that is tracked in its slot, unless that one was seen
  -- elsewhere. A label that nobody bears belongs to the plate that is tracked there without one.
  seen AS MATERIALIZED (
    SELECT l.*, CASE
      WHEN l.bearer IS NOT NULL THEN l.bearer
      WHEN (l.barcode IS NULL OR l.standing_barcode IS NULL) AND l.standing NOT IN (SELECT o.bearer FROM look o WHERE o.bearer IS NOT NULL) THEN l.standing END AS container_id
    FROM look l
  ),
  judged AS MATERIALIZED (
    SELECT s.slot_number, 0 AS rank, s.index, s.container_id, s.position_id, s.barcode, s.lidded, s.new_id,
      CASE
        WHEN s.bearer IS NULL AND s.barcode IS NOT NULL THEN 'unknown'
        WHEN s.container_id IS NULL THEN 'unexpected'
        WHEN s.container_id = s.standing THEN 'match'
        ELSE 'elsewhere' END AS finding
    FROM seen s
    UNION ALL
    SELECT t.slot_number, 1, NULL, t.container_id, t.position_id, NULL, NULL, NULL, CASE t.part WHEN 'body' THEN 'missing' ELSE 'lid' END
    FROM tracked t
    WHERE CASE t.part
      WHEN 'body' THEN t.container_id NOT IN (SELECT s.container_id FROM seen s WHERE s.container_id IS NOT NULL)
      -- the lid of a plate that was seen with its lid on is not there
      ELSE t.position_id NOT IN (SELECT s.position_id FROM seen s)
        AND t.container_id NOT IN (SELECT s.container_id FROM seen s WHERE s.lidded AND s.container_id IS NOT NULL) END
  ),
  -- A plate stands where the lid was tracked, so nobody knows where that lid is.
  displaced AS MATERIALIZED (
    SELECT pl.container_id, pl.position_id, s.slot_number, s.index FROM seen s JOIN placement pl ON pl.position_id = s.position_id AND pl.part = 'lid'
  ),
  ending AS (
    SELECT who.nth, who.index, c.id AS container_id, body.position_id AS body_from, who.body_to, lid.position_id AS lid_from, c.lidded AS lidded_from,
      coalesce(who.lidded, c.lidded) AS lidded_to,
      CASE WHEN NOT coalesce(who.lidded, c.lidded) AND lid.position_id NOT IN (SELECT d.position_id FROM displaced d) THEN lid.position_id END AS lid_to
    FROM (
      SELECT j.slot_number AS nth, j.container_id, CASE WHEN j.finding <> 'missing' THEN j.position_id END AS body_to, j.lidded, j.index
      FROM judged j WHERE j.container_id IS NOT NULL AND j.finding <> 'lid'
      UNION ALL
      SELECT d.slot_number, d.container_id, pl.position_id, NULL, NULL
      FROM displaced d LEFT JOIN placement pl ON pl.container_id = d.container_id AND pl.part = 'body'
      WHERE d.container_id NOT IN (SELECT j.container_id FROM judged j WHERE j.container_id IS NOT NULL AND j.finding <> 'lid')
    ) who
    JOIN container c ON c.id = who.container_id
    LEFT JOIN placement body ON body.container_id = c.id AND body.part = 'body'
    LEFT JOIN placement lid ON lid.container_id = c.id AND lid.part = 'lid'
  ),
  told AS MATERIALIZED (
    SELECT j.*, CASE WHEN j.finding = 'unknown' THEN former_bearers(j.barcode) END AS bearers FROM judged j
  )
  SELECT jsonb_build_object(
    'items', (SELECT coalesce(jsonb_agg(CASE WHEN j.bearers IS NULL THEN '{}' ELSE jsonb_build_object('relabelled', j.bearers) END || jsonb_build_object(
        'position', j.slot_number, 'finding', j.finding,
        'container', CASE WHEN s.id IS NOT NULL THEN jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name) END,
        'tracked', CASE WHEN j.finding = 'lid' THEN s.lid || jsonb_build_object('lidded', false)
          WHEN s.device IS NOT NULL THEN jsonb_build_object('device', s.device, 'position', s.position, 'lidded', s.lidded) END,
        'seen', CASE WHEN j.index IS NOT NULL THEN jsonb_build_object('position', j.slot_number, 'barcode', j.barcode, 'lidded', j.lidded) END)
      ORDER BY j.slot_number, j.rank), '[]')
      FROM told j LEFT JOIN container_state s ON s.id = j.container_id),
    'counts', (SELECT jsonb_object_agg(k.finding, (SELECT count(*) FROM judged j WHERE j.finding = k.finding))
      FROM (VALUES ('match'), ('elsewhere'), ('unknown'), ('missing'), ('unexpected'), ('lid')) AS k (finding)),
    'ends', (SELECT coalesce(jsonb_agg(to_jsonb(e) - 'nth' - 'index' ORDER BY e.nth, e.container_id), '[]') FROM ending e
      WHERE e.body_from IS DISTINCT FROM e.body_to OR e.lid_from IS DISTINCT FROM e.lid_to OR e.lidded_from <> e.lidded_to),
    'labels', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', j.container_id, 'barcode', j.barcode) ORDER BY j.slot_number), '[]')
      FROM judged j WHERE j.finding = 'unknown' AND j.container_id IS NOT NULL),
    'added', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', j.new_id, 'name', coalesce(j.barcode, 'container-' || right(j.new_id::text, 8)), 'barcode', j.barcode,
        'lidded', coalesce(j.lidded, false), 'position_id', j.position_id) ORDER BY j.slot_number), '[]')
      FROM judged j WHERE j.finding IN ('unknown', 'unexpected') AND j.container_id IS NULL),
    'warnings', (SELECT coalesce(jsonb_agg(w.warning ORDER BY w.index), '[]') FROM (
        SELECT split_part(unusual.warning->>'pointer', '/', 3)::integer AS index, unusual.warning
        FROM jsonb_array_elements(end_warnings((
          SELECT coalesce(jsonb_agg(jsonb_build_object('container_id', e.container_id, 'body_to', e.body_to, 'lidded_to', e.lidded_to, 'pointer', '/seen/' || e.index)), '[]')
          FROM ending e WHERE e.index IS NOT NULL))) AS unusual (warning)
        UNION ALL
        SELECT d.index, jsonb_build_object('code', 'lid-displaced', 'pointer', '/seen/' || d.index || '/position', 'detail',
          'The lid of "' || c.name || '" was tracked in slot ' || d.slot_number || ', where a plate was seen. Nobody knows where the lid is.') AS warning
        FROM displaced d JOIN container c ON c.id = d.container_id WHERE d.container_id NOT IN (SELECT e.container_id FROM ending e WHERE e.lidded_to)
        UNION ALL
        SELECT split_part(alike.warning->>'pointer', '/', 3)::integer, alike.warning
        FROM jsonb_array_elements(label_warnings((
          SELECT coalesce(jsonb_agg(jsonb_build_object('id', j.container_id, 'barcode', j.barcode, 'pointer', '/seen/' || j.index || '/barcode') ORDER BY j.index), '[]')
          FROM judged j WHERE j.finding = 'unknown'))) AS alike (warning)) w),
    'relabelled', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', 'barcode-replaced', 'members', jsonb_build_object(
        'barcode', f.barcode, 'pointer', '/seen/' || f.index || '/barcode', 'index', f.index, 'relabelled', f.bearers)) ORDER BY f.index), '[]')
      FROM told f
      WHERE f.bearers IS NOT NULL AND EXISTS (SELECT FROM jsonb_array_elements(f.bearers) b WHERE b->>'removed_at' IS NULL AND b->>'id' IS DISTINCT FROM f.container_id::text)))
$$;

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
