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
