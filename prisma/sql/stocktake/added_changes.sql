-- Returns what adding the unknown containers of a stocktake changes, as the API shows it. `_added` as plan_stocktake returns
-- it.
CREATE OR REPLACE FUNCTION added_changes(_added jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'added', 'container', jsonb_build_object('id', a.id, 'barcode', a.barcode, 'name', a.name), 'from', NULL,
    'to', jsonb_build_object('device', d.name, 'position', p.slot_number, 'lidded', a.lidded, 'lid', NULL, 'barcode', a.barcode, 'missing_since', NULL))
    ORDER BY p.slot_number), '[]')
  FROM jsonb_to_recordset(_added) AS a (id uuid, name text, barcode text, lidded boolean, position_id uuid)
  JOIN position p ON p.id = a.position_id JOIN device d ON d.id = p.device_id
$$;
