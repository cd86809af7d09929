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
