-- Gives containers new labels, all at once, so that two labels can be swapped. `_labels` is [{ named, id, barcode }], one entry a
-- container. A label that does not change has no event. A dry run returns what contradicts as findings, and what would
-- change; otherwise the first finding is refused.
--
-- Locks: The lab lock.
-- Raises: invalid-request, container-not-found, container-removed, barcode-in-use
CREATE OR REPLACE FUNCTION relabel_containers(_labels jsonb, _dry_run boolean, _audit jsonb)
RETURNS TABLE (changes jsonb, findings jsonb, warnings jsonb, revision double precision) LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  PERFORM lock_lab();
  plan := plan_labels(_labels);
  PERFORM refuse_repeated_entry(plan->'repeated');
  findings := plan->'findings';
  warnings := plan->'warnings';
  IF NOT _dry_run AND findings <> '[]' THEN
    PERFORM refuse(findings->0->>'code', findings->0->'members');
  END IF;
  changes := label_changes(plan->'labels');
  IF NOT _dry_run AND changes <> '[]' THEN
    PERFORM write_labels(plan->'labels', next_revision(), 0, _audit);
  END IF;
  SELECT l.revision INTO revision FROM lab l;
  RETURN NEXT;
END $$;
