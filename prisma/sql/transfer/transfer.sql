-- Records transfers, all or none: place, lid, barcode and step of each. `_transfers` are the requests, each with
-- named, id, and the step as the service prepares it, or null. `_devices` is [{ id, name }] of the devices that the
-- steps name. Returns for each transfer, in order, the container and the step at the end. A dry run does the same,
-- collects what it would refuse as findings, and is then undone by an exception (PS204); its `revision` is the
-- present one. A transfer whose step was recorded before is a retry: it returns what it returned, and changes nothing. The same transfer
-- whose step was running and has ended now ends the step. A step that was told without a transfer gets its transfer.
--
-- Rows whose `findings` are null are returned alone, and nothing is done: see steps_to_merge.
--
-- Locks: What lock_for_steps locks, then the lab.
-- Raises: What apply_transfers raises.
-- Settings: `plan_cache_mode = force_generic_plan`: its queries find everything by id, so one plan is good for all
-- values. Without the setting PostgreSQL may plan them again for each call, which takes longer than they run.
CREATE OR REPLACE FUNCTION transfer(_transfers jsonb, _devices jsonb, _batch boolean, _dry_run boolean, _audit jsonb)
RETURNS TABLE (container jsonb, step jsonb, findings jsonb, warnings jsonb, revision double precision) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  told_steps jsonb := jsonb_path_query_array(_transfers, '$[*].step ? (@ != null)');
  applied record;
  result jsonb;
  known record;
  new_steps jsonb;
BEGIN
  IF told_steps <> '[]' THEN
    IF NOT _dry_run THEN
      PERFORM lock_for_steps(told_steps);
    END IF;
    RETURN QUERY
    SELECT NULL::jsonb, jsonb_build_object('id', m.step_id, 'name', m.name, 'data', m.data), NULL::jsonb, NULL::jsonb, NULL::double precision
    FROM steps_to_merge(told_steps) m;
    IF FOUND THEN
      RETURN;
    END IF;
  END IF;
  PERFORM lock_lab();
  IF NOT _dry_run THEN
    applied := apply_transfers(_transfers, _devices, _batch, false, _audit);
  ELSE
    BEGIN
      applied := apply_transfers(_transfers, _devices, _batch, true, _audit);
      RAISE EXCEPTION USING ERRCODE = 'PS204', MESSAGE = 'a dry run is undone';
    EXCEPTION WHEN SQLSTATE 'PS204' THEN
      NULL;
    END;
  END IF;
  -- Once: each time it would copy the steps of all transfers.
  new_steps := applied.logged->'steps';
  FOR i IN 0 .. jsonb_array_length(applied.results) - 1 LOOP
    result := applied.results->i;
    findings := result->'findings';
    IF NOT _dry_run AND NOT result ? 'repeats' THEN
      container := coalesce(nullif(result->'container', 'null'), container_snapshot((result->>'container_id')::uuid));
      warnings := nullif(result->'warnings', 'null');
      revision := applied.present;
      IF result->>'step_id' IS NULL THEN
        step := NULL;
      ELSE
        step := coalesce(new_steps->(result->>'step_id'), step_snapshot((result->>'step_id')::uuid));
        INSERT INTO transfer_outcome (step_id, container, step, warnings, created_as, revision)
        VALUES ((result->>'step_id')::uuid, transfer.container, transfer.step, transfer.warnings, result->>'told', applied.present);
      END IF;
    ELSE
      SELECT o.container, o.step, o.warnings, o.revision, l.revision AS present INTO known
      FROM lab l LEFT JOIN transfer_outcome o ON o.step_id = coalesce(result->>'repeats', result->>'step_id')::uuid;
      container := CASE WHEN _dry_run OR known.container IS NULL
        THEN container_snapshot(coalesce(result->>'container_id', known.container->>'id')::uuid) ELSE known.container END;
      step := CASE WHEN NOT _dry_run THEN known.step END;
      warnings := coalesce(known.warnings, nullif(result->'warnings', 'null'));
      revision := CASE WHEN _dry_run OR known.revision IS NULL THEN known.present ELSE known.revision END;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
