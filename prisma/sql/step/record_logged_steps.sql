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
  IF _record->'unknown_experiments' <> 'null' THEN
    IF EXISTS (
      SELECT FROM jsonb_array_elements_text(_record->'unknown_experiments') AS named JOIN experiment e ON e.id = named.value::uuid
        JOIN step s ON s.experiment_named = e.id::text) THEN
      RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'an experiment was created while its steps were logged';
    END IF;
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
  IF _record->'new_devices' <> '[]' THEN
    new_devices := ARRAY(SELECT jsonb_array_elements_text(_record->'new_devices')::uuid);
    PERFORM record_unlisted_devices(this_revision, next, new_devices, _audit);
    next := next + cardinality(new_devices);
  END IF;
  next := next - 1;
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
