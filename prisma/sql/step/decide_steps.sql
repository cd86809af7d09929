-- Decides for many steps whether estimates leave them out (true) or use them (false), or takes the decision back (null). Each step
-- that changes has an event with its state before and after, all under one revision. Returns how many changed.
--
-- Locks: The steps, in the order of their ids, then the lab.
CREATE OR REPLACE FUNCTION decide_steps(_ids uuid[], _exclude boolean, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  befores jsonb;
  afters jsonb;
  this_revision bigint;
BEGIN
  PERFORM 1 FROM step WHERE id = ANY (_ids) ORDER BY id FOR NO KEY UPDATE;
  SELECT jsonb_object_agg(s.id, step_snapshot(s.id)) INTO befores
  FROM step s WHERE s.id = ANY (_ids) AND s.exclude_from_estimates IS DISTINCT FROM _exclude;
  IF befores IS NULL THEN
    RETURN 0;
  END IF;
  UPDATE step s SET exclude_from_estimates = _exclude, version = s.version + 1, updated_at = command_time()
  WHERE s.id IN (SELECT key::uuid FROM jsonb_object_keys(befores) AS key);
  -- The snapshots are made before the lab lock is taken, because there can be thousands.
  SELECT jsonb_object_agg(key, step_snapshot(key::uuid)) INTO afters FROM jsonb_object_keys(befores) AS key;
  this_revision := next_revision();
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, step_id, device_id, experiment_id, was, became, concerns)
  SELECT this_revision, row_number() OVER (ORDER BY s.start, s.id) - 1, lab.recorded_at, 'step-corrected',
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), s.id, s.device_id, s.experiment_id, befores->s.id::text, afters->s.id::text,
    unknown_experiment(s.experiment_named)
  FROM step s CROSS JOIN lab WHERE s.id IN (SELECT key::uuid FROM jsonb_object_keys(befores) AS key);
  RETURN (SELECT count(*) FROM jsonb_object_keys(befores));
END $$;
