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
