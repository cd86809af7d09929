-- Returns the containers that had this barcode and have another one, or none, now: [{ id, barcode, device, position,
-- until }], the latest first, or null. A refusal of the barcode shows them.
CREATE OR REPLACE FUNCTION former_bearers(_barcode text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT jsonb_agg(jsonb_build_object('id', f.id, 'barcode', f.barcode, 'device', f.device, 'position', f.position, 'until', wire_time(f.until))
      ORDER BY f.until DESC, f.id)
    FROM (
      SELECT s.id, s.barcode, s.device, s.position, (
        SELECT max(e.recorded_at) FROM event e
        WHERE e.container_id = s.id AND e.before->>'barcode' = _barcode AND e.after->>'barcode' IS DISTINCT FROM _barcode) AS until
      FROM container_state s
      WHERE s.id IN (SELECT e.container_id FROM event e WHERE e.container_id IS NOT NULL AND e.after->>'barcode' = _barcode)
        AND s.barcode IS DISTINCT FROM _barcode
      ORDER BY until DESC LIMIT 20
    ) f);
END $$;
