-- Returns what is in a slot as a problem shows it, or null if the slot is empty.
CREATE OR REPLACE FUNCTION occupant_of(_position uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', c.id, 'barcode', c.barcode, 'name', c.name,
    'part', CASE pl.part WHEN 'body' THEN 'container' ELSE 'lid' END, 'since', wire_time(pl.since))
  FROM placement pl JOIN container c ON c.id = pl.container_id WHERE pl.position_id = _position
$$;
