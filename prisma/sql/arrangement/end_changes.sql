-- Returns what an arrangement changes, as the API shows it: [{ kind, container, from, to }], in the order of `_ends`, which
-- are container_end. It reads the state before the change. Times are rounded,
-- as the table stores them.
CREATE OR REPLACE FUNCTION end_changes(_ends jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
      'kind', end_kind(e.row), 'container', jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name),
      'from', container_situation(to_jsonb(s) || jsonb_build_object('missing_since', wire_time(s.missing_since))),
      'to', jsonb_build_object('device', body_device.name, 'position', body.slot_number, 'lidded', (e.row).lidded_to,
        'lid', CASE WHEN lid.id IS NOT NULL THEN jsonb_build_object('device', lid_device.name, 'position', lid.slot_number) END,
        'barcode', s.barcode, 'missing_since', CASE WHEN body.id IS NULL THEN wire_time(coalesce(s.missing_since, command_time()::timestamptz(3))) END))
    ORDER BY e.n), '[]')
  FROM (SELECT r AS row, row_number() OVER () AS n FROM jsonb_populate_recordset(NULL::container_end, _ends) r) e
  JOIN container_state s ON s.id = (e.row).container_id
  LEFT JOIN position body ON body.id = (e.row).body_to LEFT JOIN device body_device ON body_device.id = body.device_id
  LEFT JOIN position lid ON lid.id = (e.row).lid_to LEFT JOIN device lid_device ON lid_device.id = lid.device_id
$$;
