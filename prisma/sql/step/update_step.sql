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
