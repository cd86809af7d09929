-- Records where containers and lids are, as a person sees them: any permutation at once, judged by its end, one event a
-- container. `_input` is { items, missing } as plan_arrangement takes them. Nothing is written if nothing changes. A dry run
-- returns what contradicts as findings, and what would change; otherwise the first finding is refused. Reservations do not
-- hold what is there: as in a correction, a reserved slot may be taken, and one in which the labware type does not fit, which is a warning.
--
-- Locks: The lab lock.
-- Raises: invalid-request, container-not-found, container-removed, device-not-found, position-not-found, position-occupied
CREATE OR REPLACE FUNCTION arrange_containers(_input jsonb, _dry_run boolean, _audit jsonb)
RETURNS TABLE (changes jsonb, findings jsonb, warnings jsonb, revision double precision) LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  PERFORM lock_lab();
  plan := plan_arrangement(_input->'items', _input->'missing');
  PERFORM refuse_repeated_entry(plan->'repeated');
  findings := plan->'findings';
  warnings := plan->'warnings';
  IF NOT _dry_run AND findings <> '[]' THEN
    PERFORM refuse(findings->0->>'code', findings->0->'members');
  END IF;
  changes := end_changes(plan->'ends');
  IF NOT _dry_run AND changes <> '[]' THEN
    PERFORM place_ends(plan->'ends', next_revision(), 0, _audit);
  END IF;
  SELECT l.revision INTO revision FROM lab l;
  RETURN NEXT;
END $$;
