-- Returns a container or its lid as problems name it: { id, barcode, name, part }.
CREATE OR REPLACE FUNCTION occupant_label(_container uuid, _part text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', c.id, 'barcode', c.barcode, 'name', c.name, 'part', CASE _part WHEN 'body' THEN 'container' ELSE 'lid' END)
  FROM container c WHERE c.id = _container
$$;
