-- Returns the containers that had this barcode and have another one, or none, now: [{ id, barcode, device, position,
-- missing_since, last, removed_at, until }], those on the platform first, then the latest, or null. A refusal of the barcode shows them.
-- Both lookups use the partial indexes of the events that gave or took a barcode.
CREATE OR REPLACE FUNCTION former_bearers(_barcode text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
  bearers uuid[] := ARRAY(
    SELECT e.container_id FROM label_event e WHERE e.barcode = _barcode);
BEGIN
  -- Most barcodes that are asked for have no former bearer. A stocktake asks for up to 10,000.
  IF cardinality(bearers) = 0 THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT jsonb_agg(jsonb_build_object('id', f.id, 'barcode', f.barcode, 'device', f.device, 'position', f.position,
      'missing_since', wire_time(f.missing_since),
      'last', CASE WHEN f.missing_since IS NOT NULL THEN jsonb_build_object('device', f.last_device, 'position', f.last_position) END, 'removed_at', wire_time(f.removed_at), 'until', wire_time(f.until))
      ORDER BY f.removed_at IS NOT NULL, f.until DESC, f.id)
    FROM (
      SELECT s.id, s.barcode, s.device, s.position, s.missing_since, s.last_device, s.last_position, s.removed_at, (
        SELECT max(e.recorded_at) FROM label_event e WHERE e.container_id = s.id AND e.former = _barcode) AS until
      FROM container_state s
      WHERE s.id = ANY (bearers) AND s.barcode IS DISTINCT FROM _barcode
      ORDER BY s.removed_at IS NOT NULL, until DESC LIMIT 20
    ) f);
END $$;
