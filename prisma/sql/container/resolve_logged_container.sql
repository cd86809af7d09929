-- Finds the container that a step log means by an id, or by a barcode at a time. For a barcode it prefers the
-- container that had it at that time, as the event log says: a barcode may have gone from one container to another since. If none
-- did, it prefers the one on the platform, then the next one that had it. Returns no row if there is none.
CREATE OR REPLACE FUNCTION resolve_logged_container(_id uuid, _barcode text, _at timestamptz) RETURNS SETOF uuid LANGUAGE plpgsql STABLE ROWS 1 AS $$
DECLARE
  found uuid;
BEGIN
  IF _id IS NOT NULL THEN
    RETURN QUERY SELECT c.id FROM container c WHERE c.id = _id;
    RETURN;
  END IF;
  -- Two containers on the platform never have one barcode, so only the last one that got it can have borne it.
  SELECT taken.container_id INTO found
  FROM (
    SELECT e.container_id, e.recorded_at, e.revision, e.ordinal FROM label_event e
    WHERE e.barcode = _barcode AND e.recorded_at <= _at
    ORDER BY e.recorded_at DESC, e.revision DESC, e.ordinal DESC LIMIT 1
  ) taken
  JOIN container c ON c.id = taken.container_id
  WHERE (c.removed_at IS NULL OR c.removed_at >= _at) AND NOT EXISTS (
    SELECT FROM label_event e
    WHERE e.container_id = taken.container_id AND e.recorded_at BETWEEN taken.recorded_at AND _at
      AND (e.revision, e.ordinal) > (taken.revision, taken.ordinal));
  found := coalesce(found,
    (SELECT c.id FROM container c
     WHERE c.barcode = _barcode AND (c.removed_at IS NULL OR c.removed_at >= _at)
     ORDER BY c.created_at <= _at DESC, c.removed_at DESC NULLS FIRST LIMIT 1),
    (SELECT e.container_id FROM label_event e
     WHERE e.barcode = _barcode AND e.recorded_at > _at
     ORDER BY e.recorded_at, e.revision, e.ordinal LIMIT 1));
  IF found IS NOT NULL THEN
    RETURN QUERY SELECT found;
  END IF;
END $$;
