-- Applies transfers, and logs their steps. The parameters are those of `transfer`. Returns the result of each, in order: container_id, container (null in a
-- batch, because a later transfer can have the same), step_id, told (the digests of the transfer as it was sent), findings and warnings. A transfer that was
-- recorded before has only repeats (the id of its step), findings, and ends if it ends the step. `logged` is what log_transfer_steps returned, `revision` the
-- revision of the transfers, and `present` the one of the lab. A dry run logs no steps.
--
-- Exceptions are caught only where something is added to them, because each block that catches some begins a subtransaction.
--
-- Locks: The caller has called lock_for_steps, unless it is a dry run, and lock_lab.
-- Raises: What apply_transfer and log_steps raise. In a batch a refusal has the index of its transfer.
CREATE OR REPLACE FUNCTION apply_transfers(
  _transfers jsonb, _devices jsonb, _batch boolean, _dry_run boolean, _audit jsonb,
  OUT results jsonb, OUT logged jsonb, OUT revision bigint, OUT present bigint
) LANGUAGE plpgsql AS $$
DECLARE
  input jsonb;
  done record;
  ordinal integer := 0;
  after jsonb;
  steps jsonb := '[]';
  step_of integer[] := '{}';
  step_devices jsonb := _devices;
  named text;
  known record;
  any_known boolean := false;
  told text;
  moved uuid[] := '{}';
  code text;
  members text;
  base text;
  refused integer;
BEGIN
  revision := next_revision();
  results := '[]';
  FOR index IN 0 .. jsonb_array_length(_transfers) - 1 LOOP
    input := _transfers->index;
    base := CASE WHEN _batch THEN '/transfers/' || index ELSE '' END;
    told := input->'step'->>'created_as';
    SELECT s.created_as, s.ended_as, is_same_step(s, input->'step') AS is_same,
      s.status IN ('running', 'paused', 'lost') AS under_way, o.step_id IS NOT NULL AS transferred, coalesce(o.created_as, s.created_as) AS transferred_as
    INTO known FROM step s LEFT JOIN transfer_outcome o ON o.step_id = s.id WHERE s.id = (input->'step'->>'id')::uuid;
    any_known := any_known OR FOUND;
    IF FOUND AND known.is_same AND known.transferred AND known.under_way AND input->'step'->>'status' <> 'running'
      AND split_part(known.transferred_as, ':', 3) = split_part(told, ':', 3) AND told_facts(told) <> told_facts(known.transferred_as) THEN
      IF NOT _dry_run THEN
        step_of := step_of || index;
        steps := steps || (input->'step');
      END IF;
      results := results || jsonb_build_object('repeats', input->'step'->'id', 'ends', true, 'findings', '[]'::jsonb);
      moved := moved || NULL::uuid;
      CONTINUE;
    ELSIF FOUND AND known.is_same AND known.transferred AND told_facts(told) IN (told_facts(known.transferred_as), told_facts(known.ended_as)) THEN
      results := results || jsonb_build_object('repeats', input->'step'->'id', 'findings', '[]'::jsonb);
      moved := moved || NULL::uuid;
      CONTINUE;
    ELSIF FOUND AND NOT _dry_run AND (known.transferred OR NOT known.is_same) THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', input->'step'->'id', 'pointer', base || '/step/id')
        || CASE WHEN _batch THEN jsonb_build_object('index', index) ELSE '{}' END);
    END IF;
    IF _batch THEN
      BEGIN
        done := apply_transfer(input, base, _dry_run, revision, ordinal, _audit);
      EXCEPTION WHEN SQLSTATE 'PS409' THEN
        GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
        PERFORM refuse(code, with_batch_conflict(members::jsonb, index, moved));
      END;
    ELSE
      done := apply_transfer(input, base, _dry_run, revision, ordinal, _audit);
    END IF;
    moved := moved || CASE WHEN done.events > 0 THEN done.container_id END;
    ordinal := ordinal + done.events;
    results := results || jsonb_build_object('container_id', done.container_id, 'step_id', input->'step'->'id', 'told', told,
      'container', CASE WHEN NOT _batch THEN done.after END,
      'warnings', CASE WHEN done.findings = '[]' THEN nullif(
        CASE WHEN input->>'barcode' IS NOT NULL THEN former_label_warning(done.container_id, input->>'barcode', base || '/barcode') ELSE '[]' END
        || CASE WHEN input->>'barcode' IS NOT NULL AND done.before->>'barcode' IS NULL
          THEN label_warnings(jsonb_build_array(jsonb_build_object('id', done.container_id, 'barcode', input->'barcode', 'pointer', base || '/barcode')))
          ELSE '[]' END
        || CASE WHEN done.after->>'labware_type' IS NOT NULL THEN coalesce(labware_warnings(done.container_id), '[]') ELSE '[]' END, '[]') END,
      -- The id is refused first, as without a dry run.
      'findings', CASE WHEN known.created_as IS NULL OR (known.is_same AND NOT known.transferred) THEN '[]'
        ELSE transfer_finding('id-in-use', jsonb_build_object('id', input->'step'->'id', 'pointer', base || '/step/id')::text) END || done.findings);
    IF input->'step' <> 'null' AND NOT _dry_run THEN
      -- The step ends where the container was disposed of, although it is nowhere then.
      after := done.after || coalesce(done.waste, '{}');
      step_of := step_of || index;
      steps := steps || complete_transfer_step(input->'step', done.before, after, input->>'barcode' IS NOT NULL);
      IF input->'step'->>'kind' = 'move' THEN
        -- These two are devices of the lab, so none is created, and they need no id.
        FOREACH named IN ARRAY ARRAY[done.before->>'device', after->>'device'] LOOP
          IF named IS NOT NULL AND NOT step_devices @> jsonb_build_array(jsonb_build_object('name', named)) THEN
            step_devices := step_devices || jsonb_build_object('id', NULL, 'name', named);
          END IF;
        END LOOP;
      END IF;
    END IF;
  END LOOP;
  IF _dry_run THEN
    RETURN;
  END IF;
  IF steps <> '[]' THEN
    IF any_known THEN
      BEGIN
        logged := log_transfer_steps(steps, step_devices, _batch, revision, ordinal, _audit);
      EXCEPTION WHEN SQLSTATE 'PS409' THEN
        GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
        refused := step_of[coalesce((members::jsonb->>'index')::integer, 0) + 1];
        PERFORM refuse(code, members::jsonb || CASE WHEN _batch
          THEN jsonb_build_object('index', refused, 'pointer', '/transfers/' || refused || '/step/id') ELSE jsonb_build_object('pointer', '/step/id') END);
      END;
    ELSE
      -- A new step has no id that could be in use. Who logs it too needs the lab lock.
      logged := log_transfer_steps(steps, step_devices, _batch, revision, ordinal, _audit);
    END IF;
  END IF;
  -- A step that ended is shown as it is now; its container too.
  IF any_known AND results @> '[{"ends": true}]' THEN
    UPDATE transfer_outcome o SET step = step_snapshot(o.step_id), revision = apply_transfers.revision,
      container = container_snapshot((o.container->>'id')::uuid)
    FROM jsonb_array_elements(results) r WHERE (r->>'ends')::boolean AND o.step_id = (r->>'repeats')::uuid;
  END IF;
  -- The revision was taken before it was known whether anything changes. It is given back if nothing did.
  present := revision;
  IF ordinal = 0 AND (logged->>'changed')::boolean IS NOT TRUE THEN
    UPDATE lab SET revision = lab.revision - 1 WHERE lab.id = 1 RETURNING lab.revision INTO present;
  END IF;
END $$;
