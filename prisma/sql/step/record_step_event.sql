-- Records an event of one step. It also concerns the device and the containers that a correction took from the step.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_step_event(_revision bigint, _kind text, _step uuid, _before jsonb, _audit jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became, concerns)
  SELECT _revision, 0, lab.recorded_at, _kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
    s.id, s.device_id, s.experiment_id, changed_members(_before, snapshot.after), snapshot.after,
    nullif(unknown_experiment(s.experiment_named) || ARRAY(
      SELECT (c.value->>'id')::uuid FROM jsonb_array_elements(_before->'containers') c
      WHERE c.value->>'id' IS NOT NULL AND NOT EXISTS (SELECT FROM container_of_step sc WHERE sc.step_id = s.id AND sc.container_id = (c.value->>'id')::uuid)
    ), '{}')
  FROM step s CROSS JOIN lab CROSS JOIN LATERAL (SELECT step_snapshot(s.id) AS after) snapshot WHERE s.id = _step;

  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT former.id, _revision, 0 FROM step s CROSS JOIN LATERAL (SELECT latest_device_named(_before->>'device') AS id) former
  WHERE s.id = _step AND former.id <> s.device_id
$$;
